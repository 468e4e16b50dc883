/* PEM by OpenSSL. */
#include "lib/authorities.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdint.h>

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
authorities_read(const char *pem, size_t len, bool (*take)(void *arg, void *x509), void *arg)
{
	BIO *bio = len <= INT32_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	bool is_taken = true;
	size_t count = 0;
	X509 *cert;
	int err = 0;

	if (bio == NULL)
		return -EIO;
	ERR_clear_error();
	while (is_taken && (cert = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL) {
		is_taken = take == NULL || take(arg, cert);
		X509_free(cert);
		count++;
	}
	BIO_free(bio);
	if (!is_taken)
		err = -EIO;
	/* The end is told by "no start line" alone; all else is damage. */
	else if (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		err = -EINVAL;
	ERR_clear_error();
	return err;
}
