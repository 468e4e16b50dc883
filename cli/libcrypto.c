/* Hashes. */
#include "cli/libcrypto.h"

#include <openssl/sha.h>

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
