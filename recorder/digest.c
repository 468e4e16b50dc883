/* Wraps OpenSSL's SHA-256 and base64. */
#include "recorder/digest.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

int
digest_sha256(const void *bytes, size_t len, uint8_t digest[DIGEST_LEN])
{
	static EVP_MD *md; /* found once: SHA256() looks for it each time */
	unsigned int n = 0;

	if (md == NULL)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	return md != NULL && EVP_Digest(bytes, len, digest, &n, md, NULL) == 1 &&
		       n == DIGEST_LEN
		   ? 0
		   : -EIO;
}

void
digest_hex(const uint8_t digest[DIGEST_LEN], char hex[DIGEST_HEX_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_LEN; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[DIGEST_HEX_LEN] = '\0';
}

void
digest_base64(const uint8_t digest[DIGEST_LEN], char text[DIGEST_BASE64_LEN + 1])
{
	EVP_EncodeBlock((unsigned char *)text, digest, DIGEST_LEN);
}

/* EVP_DecodeBlock forgives blanks and padding anywhere: we don't. */
static int
is_strict(const uint8_t *text, size_t len, size_t *padding)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	*padding = 0;
	if (len == 0 || len % 4 != 0 || len > INT_MAX)
		return 0;
	while (*padding < 2 && text[len - 1 - *padding] == '=')
		++*padding;
	for (size_t i = 0; i < len - *padding; i++)
		if (memchr(alphabet, text[i], sizeof(alphabet) - 1) == NULL)
			return 0;
	return 1;
}

ptrdiff_t
digest_base64_decode(uint8_t *out, const uint8_t *text, size_t len)
{
	size_t padding;
	int n;

	if (!is_strict(text, len, &padding))
		return -EINVAL;
	n = EVP_DecodeBlock(out, text, (int)len);
	return n < (int)padding ? -EINVAL : n - (int)padding;
}
