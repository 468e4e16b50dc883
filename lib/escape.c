/* Escapes foreign bytes; knows no format but its own. */
#include "lib/escape.h"

#include <string.h>

/* Writes one byte's form into out[4], returns its length. */
static size_t
escape_one(char out[4], unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";

	if (byte == '\\') {
		memcpy(out, "\\\\", 2);
		return 2;
	}
	if (byte >= 0x20 && byte < 0x7f) {
		out[0] = (char)byte;
		return 1;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[byte >> 4];
	out[3] = hex[byte & 15];
	return 4;
}

char *
escape_bytes(char *text, size_t cap, const void *bytes, size_t len)
{
	const unsigned char *in = bytes;
	size_t used = 0, keep = 0;
	char one[4];

	for (size_t i = 0; i < len; i++) {
		size_t n = escape_one(one, in[i]);
		if (used + n >= cap) {
			memcpy(text + keep, "...", 4);
			return text;
		}
		memcpy(text + used, one, n);
		used += n;
		if (used + 4 <= cap)
			keep = used; /* the last place where "..." still fits */
	}
	text[used] = '\0';
	return text;
}

char *
escape_str(char *text, size_t cap, const char *foreign)
{
	return escape_bytes(text, cap, foreign, foreign == NULL ? 0 : strlen(foreign));
}
