/* Recovery codes as text; pure. "3-KQ7M-2X4P-9RTA-WB6C": a number, which says which
 * of the user's codes it is, and 80 random bits in the 32 characters that nobody
 * takes for one another. An OTP, all modhex, never looks like one. */
#ifndef SALLYPORT_VERIFY_CODE_H
#define SALLYPORT_VERIFY_CODE_H

#include <stddef.h>
#include <stdint.h>

#define CODE_RANDOM	10 /* bytes */
#define CODE_CHARS	16 /* of the secret */
#define CODE_NUMBER_MAX 99
#define CODE_TEXT_MAX	22 /* without the NUL */

struct code {
	uint8_t number; /* 1 to CODE_NUMBER_MAX */
	char secret[CODE_CHARS];
};

/* The code with that number and those bits. */
void code_make(struct code *code, uint8_t number, const uint8_t random[CODE_RANDOM]);
void code_write(const struct code *code, char text[CODE_TEXT_MAX + 1]);
/* Takes what somebody typed: any case, blanks or dashes between groups or none, o for
 * 0, i and l for 1. 0, or -EINVAL: not a code by its form; *code is then zero. */
int code_read(const void *text, size_t len, struct code *code);

#endif
