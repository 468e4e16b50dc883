/* OpenSSL, wrapped. */
#include "verify/crypt.h"

#include "lib/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SUBKEY  32
#define NONCE   12
#define TAG     16
#define PAYLOAD (CRYPT_UID + CRYPT_AES)

struct crypt {
	EVP_CIPHER *ecb, *gcm;
	EVP_MD *sha256;
	EVP_KDF *scrypt;
	struct secret keys; /* wrap, mac and print key, one behind the other */
};

enum subkey {
	SUBKEY_WRAP = 0,
	SUBKEY_MAC = 1,
	SUBKEY_PRINT = 2,
	SUBKEYS,
};

static const char *const subkey_label[SUBKEYS] = {
    [SUBKEY_WRAP] = "sallyport verify 1: wrap",
    [SUBKEY_MAC] = "sallyport verify 1: mac",
    [SUBKEY_PRINT] = "sallyport verify 1: print",
};

static const uint8_t *
subkey(const struct crypt *crypt, enum subkey which)
{
	return crypt->keys.bytes + (size_t)which * SUBKEY;
}

static int
hmac(const struct crypt *crypt, const uint8_t *key, const void *data, size_t len,
    uint8_t out[CRYPT_MAC])
{
	unsigned int n = 0;

	if (HMAC(crypt->sha256, key, SUBKEY, data, len, out, &n) == NULL || n != CRYPT_MAC)
		return -EIO;
	return 0;
}

/* The KEK is uniformly random, so one HMAC of a label is a key (the expand step
 * of RFC 5869, first block). */
static int
derive(struct crypt *crypt, const uint8_t kek[CRYPT_KEK])
{
	int err = secret_new(&crypt->keys, (size_t)SUBKEYS * SUBKEY);

	for (int i = 0; err == 0 && i < SUBKEYS; i++)
		err = hmac(crypt, kek, subkey_label[i], strlen(subkey_label[i]),
		    crypt->keys.bytes + (size_t)i * SUBKEY);
	return err;
}

int
crypt_new(struct crypt **crypt, const uint8_t kek[CRYPT_KEK])
{
	struct crypt *c = calloc(1, sizeof(*c));
	int err = -EIO;

	if (c == NULL)
		return -ENOMEM;
	/* No configuration file: it could name a library to load. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		goto out;
	c->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	c->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	c->scrypt = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	if (c->ecb == NULL || c->gcm == NULL || c->sha256 == NULL || c->scrypt == NULL)
		goto out;
	err = derive(c, kek);
	if (err < 0)
		goto out;
	*crypt = c;
	c = NULL;
out:
	crypt_free(c);
	return err;
}

void
crypt_free(struct crypt *crypt)
{
	if (crypt == NULL)
		return;
	EVP_CIPHER_free(crypt->ecb);
	EVP_CIPHER_free(crypt->gcm);
	EVP_MD_free(crypt->sha256);
	EVP_KDF_free(crypt->scrypt);
	secret_free(&crypt->keys);
	free(crypt);
}

static bool
seal(EVP_CIPHER_CTX *ctx, const struct crypt *crypt, const char *id,
    const uint8_t plain[PAYLOAD], uint8_t wrapped[CRYPT_WRAPPED])
{
	uint8_t *nonce = wrapped, *body = wrapped + NONCE, *tag = body + PAYLOAD;
	int n, end;

	return EVP_EncryptInit_ex2(ctx, crypt->gcm, subkey(crypt, SUBKEY_WRAP), nonce, NULL) &&
	       EVP_EncryptUpdate(ctx, NULL, &n, (const uint8_t *)id, (int)strlen(id)) &&
	       EVP_EncryptUpdate(ctx, body, &n, plain, PAYLOAD) && n == PAYLOAD &&
	       EVP_EncryptFinal_ex(ctx, body + n, &end) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag);
}

int
crypt_wrap(const struct crypt *crypt, const char *id, const struct crypt_key *key,
    uint8_t wrapped[CRYPT_WRAPPED])
{
	uint8_t plain[PAYLOAD];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int err = -EIO;

	memcpy(plain, key->uid, CRYPT_UID);
	memcpy(plain + CRYPT_UID, key->aes, CRYPT_AES);
	/* From the kernel: a generator of our own could repeat after a restored
	 * machine snapshot, and a repeated nonce breaks GCM. */
	if (ctx != NULL && getrandom(wrapped, NONCE, 0) == NONCE &&
	    seal(ctx, crypt, id, plain, wrapped))
		err = 0;
	EVP_CIPHER_CTX_free(ctx);
	secret_wipe(plain, sizeof(plain));
	return err;
}

static bool
unseal(EVP_CIPHER_CTX *ctx, const struct crypt *crypt, const char *id,
    const uint8_t wrapped[CRYPT_WRAPPED], uint8_t plain[PAYLOAD])
{
	uint8_t tag[TAG];
	const uint8_t *body = wrapped + NONCE;
	int n, end;

	memcpy(tag, body + PAYLOAD, TAG);
	return EVP_DecryptInit_ex2(
		   ctx, crypt->gcm, subkey(crypt, SUBKEY_WRAP), wrapped, NULL) &&
	       EVP_DecryptUpdate(ctx, NULL, &n, (const uint8_t *)id, (int)strlen(id)) &&
	       EVP_DecryptUpdate(ctx, plain, &n, body, PAYLOAD) && n == PAYLOAD &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) &&
	       EVP_DecryptFinal_ex(ctx, plain + n, &end) > 0;
}

int
crypt_unwrap(const struct crypt *crypt, const char *id, const uint8_t wrapped[CRYPT_WRAPPED],
    struct crypt_key *key)
{
	uint8_t plain[PAYLOAD];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int err = -EBADMSG;

	*key = (struct crypt_key){0};
	if (ctx != NULL && unseal(ctx, crypt, id, wrapped, plain)) {
		memcpy(key->uid, plain, CRYPT_UID);
		memcpy(key->aes, plain + CRYPT_UID, CRYPT_AES);
		err = 0;
	}
	EVP_CIPHER_CTX_free(ctx);
	secret_wipe(plain, sizeof(plain));
	return err;
}

int
crypt_mac(const struct crypt *crypt, const void *data, size_t len, uint8_t mac[CRYPT_MAC])
{
	return hmac(crypt, subkey(crypt, SUBKEY_MAC), data, len, mac);
}

int
crypt_print(const struct crypt *crypt, const uint8_t aes[CRYPT_AES], uint8_t print[CRYPT_PRINT])
{
	uint8_t full[CRYPT_MAC];
	int err = hmac(crypt, subkey(crypt, SUBKEY_PRINT), aes, CRYPT_AES, full);

	if (err == 0)
		memcpy(print, full, CRYPT_PRINT);
	return err;
}

int
crypt_open_token(const struct crypt *crypt, const uint8_t aes[CRYPT_AES],
    const uint8_t token[CRYPT_BLOCK], uint8_t plain[CRYPT_BLOCK])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, err = -EIO;

	if (ctx != NULL && EVP_DecryptInit_ex2(ctx, crypt->ecb, aes, NULL, NULL) &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) &&
	    EVP_DecryptUpdate(ctx, plain, &n, token, CRYPT_BLOCK) && n == CRYPT_BLOCK)
		err = 0;
	EVP_CIPHER_CTX_free(ctx);
	return err;
}

int
crypt_slow(const struct crypt *crypt, const void *secret, size_t len,
    const uint8_t salt[CRYPT_SALT], uint8_t hash[CRYPT_SLOW])
{
	uint64_t n = 1u << 15, most = 64 * 1024 * 1024;
	uint32_t r = 8, p = 1;
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(crypt->scrypt);
	OSSL_PARAM params[] = {
	    {"pass", OSSL_PARAM_OCTET_STRING, (void *)(uintptr_t)secret, len, 0},
	    {"salt", OSSL_PARAM_OCTET_STRING, (void *)(uintptr_t)salt, CRYPT_SALT, 0},
	    {"n", OSSL_PARAM_UNSIGNED_INTEGER, &n, sizeof(n), 0},
	    {"r", OSSL_PARAM_UNSIGNED_INTEGER, &r, sizeof(r), 0},
	    {"p", OSSL_PARAM_UNSIGNED_INTEGER, &p, sizeof(p), 0},
	    {"maxmem_bytes", OSSL_PARAM_UNSIGNED_INTEGER, &most, sizeof(most), 0},
	    {NULL, 0, NULL, 0, 0},
	};
	int err = -EIO;

	if (ctx != NULL && EVP_KDF_derive(ctx, hash, CRYPT_SLOW, params) == 1)
		err = 0;
	EVP_KDF_CTX_free(ctx);
	return err;
}
