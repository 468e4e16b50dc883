/* Codes, written and read. */
#include "verify/code.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TYPED_MAX 64
#define GROUP     4

/* Without I, L, O, U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
code_make(struct code *code, uint8_t number, const uint8_t random[CODE_RANDOM])
{
	uint32_t bits = 0;
	size_t left = 0, at = 0;

	code->number = number;
	for (size_t i = 0; i < CODE_CHARS; i++) {
		if (left < 5) {
			bits = bits << 8 | random[at++];
			left += 8;
		}
		left -= 5;
		code->secret[i] = alphabet[bits >> left & 31];
	}
}

void
code_write(const struct code *code, char text[CODE_TEXT_MAX + 1])
{
	size_t n = (size_t)snprintf(text, CODE_TEXT_MAX + 1, "%u", code->number % 100u);

	for (size_t i = 0; i < CODE_CHARS; i++) {
		if (i % GROUP == 0)
			text[n++] = '-';
		text[n++] = code->secret[i];
	}
	text[n] = '\0';
}

/* The alphabet's character that was meant; '\0' for none. */
static char
meant(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return '0';
	if (c == 'I' || c == 'L')
		return '1';
	return c != '\0' && strchr(alphabet, c) != NULL ? c : '\0';
}

static bool
is_between(char c)
{
	return c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t
read_number(const char *text, size_t len, uint8_t *number)
{
	unsigned int n = 0;
	size_t i = 0;

	while (i < len && i < 3 && text[i] >= '0' && text[i] <= '9')
		n = n * 10 + (unsigned int)(text[i++] - '0');
	*number = (uint8_t)n;
	return n > 0 && n <= CODE_NUMBER_MAX ? i : 0;
}

int
code_read(const void *text, size_t len, struct code *code)
{
	const char *typed = text;
	size_t i = 0, n = 0;

	*code = (struct code){0};
	if (len > TYPED_MAX)
		return -EINVAL;
	while (i < len && is_between(typed[i]))
		i++;
	n = read_number(typed + i, len - i, &code->number);
	i += n;
	if (n == 0 || i >= len || !is_between(typed[i]))
		goto wrong;
	for (n = 0; i < len; i++) {
		char c = meant(typed[i]);
		if (is_between(typed[i]))
			continue;
		if (c == '\0' || n == CODE_CHARS)
			goto wrong;
		code->secret[n++] = c;
	}
	if (n == CODE_CHARS)
		return 0;
wrong:
	*code = (struct code){0};
	return -EINVAL;
}
