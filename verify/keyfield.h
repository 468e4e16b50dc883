/* Fields of key files: slices of a text, and the strict reading of what they hold. */
#ifndef SALLYPORT_VERIFY_KEYFIELD_H
#define SALLYPORT_VERIFY_KEYFIELD_H

#include "verify/crypt.h"
#include "verify/otp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keyfield {
	const char *at; /* not NUL-terminated */
	size_t len;
};

/* Without the blanks, tabs and line ends around it. */
struct keyfield keyfield_trim(struct keyfield f);
/* Does it begin with the text? Is it the text? */
bool keyfield_begins(struct keyfield f, const char *with);
bool keyfield_is(struct keyfield f, const char *text);
/* The next line of *rest, without its '\n'; false at the end. */
bool keyfield_line(struct keyfield *rest, struct keyfield *line);
/* The fields between commas, trimmed. How many there are, even if more than cap. */
size_t keyfield_split(struct keyfield line, struct keyfield *fields, size_t cap);

/* 1 to max digits, nothing else. */
bool keyfield_is_digits(struct keyfield f, size_t max);
/* A number of at most max; leading zeros are not minded. */
bool keyfield_number(struct keyfield f, uint32_t max, uint32_t *value);
/* Modhex of any case: 2 to 32 characters, an even number; lower case in id. */
bool keyfield_id(struct keyfield f, char id[OTP_ID_MAX + 1]);
/* Exactly 2 * n hexadecimal digits. */
bool keyfield_hex(struct keyfield f, uint8_t *bytes, size_t n);
/* Exactly the 24 characters that 16 bytes take in base64 (RFC 4648). */
bool keyfield_base64(struct keyfield f, uint8_t bytes[CRYPT_AES]);

#endif
