/* A YubiKey's slot in software, for tests alone: what the key knows, and the OTP
 * that it would type. Unlike ykgenerate it takes every field from the caller. */
#ifndef SALLYPORT_TESTS_SUPPORT_SOFTKEY_H
#define SALLYPORT_TESTS_SUPPORT_SOFTKEY_H

#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <yubikey.h>

#define SOFTKEY_OTP_MAX 64

struct softkey {
	char id[32 + 1]; /* public id, modhex */
	uint8_t uid[6], aes[16];
	uint16_t use;    /* with bit 15: typed with Caps Lock on */
	uint8_t session; /* of the next OTP */
};

/* The OTP for the counters in *key, which it leaves as they are. */
static inline void
softkey_otp(const struct softkey *key, char otp[SOFTKEY_OTP_MAX + 1])
{
	yubikey_token_st t = {.ctr = htole16(key->use), .use = key->session};
	char token[YUBIKEY_OTP_SIZE + 1]; /* the library writes a NUL behind */

	memcpy(t.uid, key->uid, sizeof(t.uid));
	t.tstpl = htole16((uint16_t)(key->session * 77u));
	t.rnd = htole16((uint16_t)(key->use * 31u + key->session));
	t.crc = htole16((uint16_t)~yubikey_crc16((const uint8_t *)&t, 14));
	yubikey_generate(&t, key->aes, token); /* encrypts t in place */
	snprintf(otp, SOFTKEY_OTP_MAX + 1, "%s%s", key->id, token);
}

/* After an OTP: as the key counts, ff wraps and counts as a power-up. */
static inline void
softkey_count(struct softkey *key)
{
	if (++key->session == 0 && (key->use & 0x7fff) < 0x7fff)
		key->use++;
}

/* As `ykman otp yubiotp -O` writes it, with a newline. */
static inline void
softkey_line(const struct softkey *key, unsigned int serial, char line[160])
{
	char uid[13], aes[33];

	yubikey_hex_encode(uid, (const char *)key->uid, sizeof(key->uid));
	yubikey_hex_encode(aes, (const char *)key->aes, sizeof(key->aes));
	snprintf(line, 160, "%u,%s,%s,%s,,2026-11-21T01:32:57,\n", serial, key->id, uid, aes);
}

#endif
