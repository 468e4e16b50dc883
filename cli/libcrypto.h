/* What the CLI needs of OpenSSL; its headers are seen nowhere else. */
#ifndef SALLYPORT_CLI_LIBCRYPTO_H
#define SALLYPORT_CLI_LIBCRYPTO_H

#include <stddef.h>

#define LIBCRYPTO_HEX 64 /* characters of a SHA-256 */

/* The SHA-256 of data[len] in hexadecimal, and a NUL. */
void libcrypto_hash(const char *data, size_t len, char hex[LIBCRYPTO_HEX + 1]);

#endif
