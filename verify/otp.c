/* OTP text and blocks. */
#include "verify/otp.h"

#include "lib/ascii.h"
#include "lib/layout.h"
#include "lib/secret.h"

#include <errno.h>
#include <string.h>
#include <yubikey.h>

#define TOKEN_CHARS (2 * OTP_BLOCK)
/* 64 characters of two bytes, or fewer and more blanks than anything adds. */
#define TYPED_MAX 128

bool
otp_is_modhex(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' || strchr(YUBIKEY_MODHEX_MAP, text[i]) == NULL)
			return false;
	return true;
}

/* Copies the trimmed, lower-cased text; its length, 0 when it can't be an OTP. */
static size_t
trim(const char *text, size_t len, char out[TYPED_MAX + 1])
{
	if (len > TYPED_MAX)
		return 0;
	len = ascii_trim(&text, len);
	for (size_t i = 0; i < len; i++)
		out[i] = ascii_lower(text[i]);
	out[len] = '\0';
	return len;
}

/* modhex[len] becomes *otp, if it has an OTP's length. */
static int
decode(const char *modhex, size_t len, struct otp *otp)
{
	char block[OTP_BLOCK + 1]; /* the decoder may write a NUL behind */

	if (len < TOKEN_CHARS || len > OTP_ID_MAX + TOKEN_CHARS || len % 2 != 0)
		return -EINVAL;
	memcpy(otp->id, modhex, len - TOKEN_CHARS);
	yubikey_modhex_decode(block, modhex + len - TOKEN_CHARS, OTP_BLOCK);
	memcpy(otp->token, block, OTP_BLOCK);
	return 0;
}

int
otp_read(const void *text, size_t len, struct otp *otp)
{
	char clean[TYPED_MAX + 1];
	size_t n = trim(text, len, clean);
	int err = -EINVAL;

	*otp = (struct otp){0};
	if (n > 0 && otp_is_modhex(clean, n))
		err = decode(clean, n, otp);
	secret_wipe(clean, sizeof(clean));
	return err;
}

int
otp_read_on(size_t layout, const void *text, size_t len, struct otp *otp)
{
	char clean[TYPED_MAX + 1], modhex[OTP_ID_MAX + TOKEN_CHARS + 1];
	size_t size = trim(text, len, clean);
	int n = layout_to_modhex(layout, clean, size, modhex, sizeof(modhex));
	int err = -EINVAL;

	*otp = (struct otp){0};
	if (n > 0)
		err = decode(modhex, (size_t)n, otp);
	secret_wipe(clean, sizeof(clean));
	secret_wipe(modhex, sizeof(modhex));
	return err;
}

void
otp_write(const struct otp *otp, char text[OTP_TEXT_MAX + 1])
{
	size_t n = strlen(otp->id);

	memcpy(text, otp->id, n);
	yubikey_modhex_encode(text + n, (const char *)otp->token, OTP_BLOCK);
}

bool
otp_open(const uint8_t plain[OTP_BLOCK], const uint8_t uid[OTP_UID], uint32_t *counter)
{
	/* The CRC is a sanity check that a wrong key passes once in 2^16; the
	 * private id is what proves the key. Both are always computed. */
	bool has_uid = secret_is_equal(plain, uid, OTP_UID);
	bool has_crc = yubikey_crc16(plain, OTP_BLOCK) == YUBIKEY_CRC_OK_RESIDUE;
	unsigned int use = (unsigned int)plain[6] | (unsigned int)plain[7] << 8;

	*counter = yubikey_counter(use) << 8 | plain[11];
	return has_uid & has_crc;
}
