/* All cryptography of verify, and the only use of OpenSSL: the token's AES, the
 * rows' encryption and their authentication codes. */
#ifndef SALLYPORT_VERIFY_CRYPT_H
#define SALLYPORT_VERIFY_CRYPT_H

#include <stddef.h>
#include <stdint.h>

#define CRYPT_KEK   32 /* bytes of the root-only key that all others come from */
#define CRYPT_AES   16
#define CRYPT_BLOCK 16
#define CRYPT_UID   6
#define CRYPT_MAC   32
#define CRYPT_PRINT 16
#define CRYPT_SALT  16
#define CRYPT_SLOW  32
/* nonce 12, private id 6, AES key 16, tag 16 */
#define CRYPT_WRAPPED 50

struct crypt;

/* What a YubiKey's row hides; wipe with secret_wipe. */
struct crypt_key {
	uint8_t uid[CRYPT_UID]; /* private id */
	uint8_t aes[CRYPT_AES];
};

/* Loads the library's parts and derives the keys; kek stays the caller's. To be
 * called before the system-call filter. 0, -ENOMEM, -EIO. */
int crypt_new(struct crypt **crypt, const uint8_t kek[CRYPT_KEK]);
/* Wipes. Accepts NULL. */
void crypt_free(struct crypt *crypt);

/* AES-256-GCM with a fresh nonce, bound to the public id. 0 or -EIO. */
int crypt_wrap(const struct crypt *crypt, const char *id, const struct crypt_key *key,
    uint8_t wrapped[CRYPT_WRAPPED]);
/* 0; -EBADMSG when it is not what was wrapped for this id (*key is then zero). */
int crypt_unwrap(const struct crypt *crypt, const char *id,
    const uint8_t wrapped[CRYPT_WRAPPED], struct crypt_key *key);

/* HMAC-SHA256 of a row. 0 or -EIO. */
int crypt_mac(
    const struct crypt *crypt, const void *data, size_t len, uint8_t mac[CRYPT_MAC]);
/* Tells equal AES keys apart from different ones without showing them. 0 or -EIO. */
int crypt_print(
    const struct crypt *crypt, const uint8_t aes[CRYPT_AES], uint8_t print[CRYPT_PRINT]);

/* One block of AES-128-ECB. 0 or -EIO. */
int crypt_open_token(const struct crypt *crypt, const uint8_t aes[CRYPT_AES],
    const uint8_t token[CRYPT_BLOCK], uint8_t plain[CRYPT_BLOCK]);
/* scrypt (RFC 7914; N 2^15, r 8, p 1: 32 MiB, a tenth of a second or so) of a recovery
 * code. May run beside the others, in another thread. 0 or -EIO. */
int crypt_slow(const struct crypt *crypt, const void *secret, size_t len,
    const uint8_t salt[CRYPT_SALT], uint8_t hash[CRYPT_SLOW]);

#endif
