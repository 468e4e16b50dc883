/* Hashes and certificates. */
#include "cli/libcrypto.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdint.h>

void
libcrypto_hash(const char *data, size_t len, char hex[LIBCRYPTO_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)data, len, digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[LIBCRYPTO_HEX] = '\0';
}

/* Nobody is asked for the password of what should be a certificate. */
static int
no_password(char *buf, int size, int for_writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)for_writing;
	(void)arg;
	return -1;
}

int
libcrypto_check_authorities(const char *pem, size_t len)
{
	BIO *bio = len <= INT32_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	size_t count = 0;
	X509 *cert;

	ERR_clear_error();
	while (
	    bio != NULL && (cert = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL) {
		X509_free(cert);
		count++;
	}
	BIO_free(bio);
	/* The end is told by "no start line" alone; all else is damage. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		count = 0;
	ERR_clear_error();
	return count > 0 ? 0 : -EINVAL;
}
