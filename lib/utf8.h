/* One character of UTF-8 (RFC 3629), read strictly. Which may pass is for the caller. */
#ifndef SALLYPORT_LIB_UTF8_H
#define SALLYPORT_LIB_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at text, of which left are there (SIZE_MAX: up to a NUL), 1
 * to 4, and *point; 0 when they are none: cut, overlong, a surrogate, above U+10FFFF. */
size_t utf8_char(const char *text, size_t left, uint32_t *point);

#endif
