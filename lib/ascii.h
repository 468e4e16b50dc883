/* Characters of ASCII, whatever the locale: its lower case of I is not always i. */
#ifndef SALLYPORT_LIB_ASCII_H
#define SALLYPORT_LIB_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline bool
ascii_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Takes the blanks at both ends off (*text)[len]: what is left of len. */
static inline size_t
ascii_trim(const char **text, size_t len)
{
	while (len > 0 && ascii_is_blank((*text)[len - 1]))
		len--;
	while (len > 0 && ascii_is_blank(**text)) {
		++*text;
		len--;
	}
	return len;
}

#endif
