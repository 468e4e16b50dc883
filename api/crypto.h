/* All cryptography of api but TLS itself, and the only use of OpenSSL: the signature
 * of the protocol, and the certificates that servers must descend from. */
#ifndef SALLYPORT_API_CRYPTO_H
#define SALLYPORT_API_CRYPTO_H

#include "lib/secret.h"

#include <stddef.h>
#include <stdint.h>

#define CRYPTO_MAC 20 /* HMAC-SHA1 */

struct crypto;

/* Loads the library's parts, without its configuration file; to be called before
 * any other use of it. 0, -ENOMEM, -EIO. */
int crypto_new(struct crypto **crypto);
/* Accepts NULL. */
void crypto_free(struct crypto *crypto);

/* HMAC-SHA1 of data under key. 0 or -EIO. */
int crypto_mac(const struct crypto *crypto, const struct secret *key, const void *data,
    size_t len, uint8_t mac[CRYPTO_MAC]);

/* The certificates (PEM) of authorities that are trusted, in place of any others.
 * 0; -EINVAL when there is none or one can't be read; -EIO. */
int crypto_trust(struct crypto *crypto, const char *pem, size_t len);

/* Gives a TLS context (an SSL_CTX *) these authorities and no others. 0 or -EIO. */
int crypto_arm(const struct crypto *crypto, void *ssl_ctx);

#endif
