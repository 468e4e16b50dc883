/* Base64 (RFC 4648, section 4), read strictly: whole groups of four, padding only
 * where it belongs, no bit set that nobody would decode, nothing else around it. */
#ifndef SALLYPORT_LIB_BASE64_H
#define SALLYPORT_LIB_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes that text[len] decodes to, in out[cap]; -EINVAL when it is malformed or
 * empty, -EMSGSIZE when it gives more than cap. out may be changed on error. */
ssize_t base64_decode(const char *text, size_t len, uint8_t *out, size_t cap);

/* The characters for bytes[len], without padding errors or line ends, and a NUL. 0;
 * -EMSGSIZE unless cap is greater than 4 * ((len + 2) / 3). */
int base64_encode(const uint8_t *bytes, size_t len, char *text, size_t cap);

#endif
