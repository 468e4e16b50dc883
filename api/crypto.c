/* OpenSSL, wrapped. */
#include "api/crypto.h"

#include "lib/authorities.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#define SECURITY_LEVEL 2 /* 112 bits: no SHA-1 signatures, no RSA below 2048 */

struct crypto {
	EVP_MD *sha1;
	X509_STORE *store;
};

int
crypto_new(struct crypto **crypto)
{
	struct crypto *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	/* No configuration file: it could name a library to load. Whoever asks for one
	 * later (libcurl does) gets none either. */
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1)
		c->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	if (c->sha1 == NULL) {
		crypto_free(c);
		return -EIO;
	}
	*crypto = c;
	return 0;
}

void
crypto_free(struct crypto *crypto)
{
	if (crypto == NULL)
		return;
	EVP_MD_free(crypto->sha1);
	X509_STORE_free(crypto->store);
	free(crypto);
}

int
crypto_mac(const struct crypto *crypto, const struct secret *key, const void *data, size_t len,
    uint8_t mac[CRYPTO_MAC])
{
	unsigned int n = 0;

	if (HMAC(crypto->sha1, key->bytes, (int)key->len, data, len, mac, &n) == NULL ||
	    n != CRYPTO_MAC)
		return -EIO;
	return 0;
}

static bool
take(void *arg, void *x509)
{
	return X509_STORE_add_cert(arg, x509) == 1;
}

int
crypto_trust(struct crypto *crypto, const char *pem, size_t len)
{
	X509_STORE *store = X509_STORE_new();
	int err = store != NULL ? authorities_read(pem, len, take, store) : -EIO;

	if (err < 0) {
		X509_STORE_free(store);
		return err;
	}
	X509_STORE_free(crypto->store);
	crypto->store = store;
	return 0;
}

int
crypto_arm(const struct crypto *crypto, void *ssl_ctx)
{
	SSL_CTX *ctx = ssl_ctx;

	if (crypto->store == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return -EIO;
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set1_cert_store(ctx, crypto->store);
	return 0;
}
