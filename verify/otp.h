/* A YubiKey OTP as text and as a decrypted block; pure. Owns the only use of
 * libyubikey, which is handed nothing that was not validated first. */
#ifndef SALLYPORT_VERIFY_OTP_H
#define SALLYPORT_VERIFY_OTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OTP_ID_MAX    32 /* modhex characters of a public id */
#define OTP_BLOCK     16 /* bytes of a token: one AES block */
#define OTP_UID       6  /* bytes of a private id */
#define OTP_TEXT_MAX 64 /* characters: public id and token */
#define OTP_COUNTER_MAX 0x7fffffu

struct otp {
	char id[OTP_ID_MAX + 1]; /* public id, lower case, may be "" */
	uint8_t token[OTP_BLOCK]; /* still encrypted */
};

/* Takes what somebody typed: blanks and line ends around it, ASCII capitals. 0, or -EINVAL when it is not an OTP by its form; *otp is then all zero. */
int otp_read(const void *text, size_t len, struct otp *otp);
/* The same for what a YubiKey typed through a keyboard layout (lib/layout.h). */
int otp_read_on(size_t layout, const void *text, size_t len, struct otp *otp);

/* The OTP as the key itself would type it. */
void otp_write(const struct otp *otp, char text[OTP_TEXT_MAX + 1]);

/* Looks into a decrypted token: is its CRC right and its private id uid (in
 * constant time)? Then *counter is use counter << 8 | session counter, without
 * the Caps Lock bit. Layout: yubikey.h, yubikey_token_st, little endian. */
bool otp_open(const uint8_t plain[OTP_BLOCK], const uint8_t uid[OTP_UID], uint32_t *counter);

/* Are these len bytes all of the modhex alphabet (lower case)? True for none. */
bool otp_is_modhex(const char *text, size_t len);

#endif
