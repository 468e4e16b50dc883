/* Which characters may pass to a terminal. */
#include "cli/printable.h"

#include <stdbool.h>
#include <stdint.h>

struct span {
	uint32_t from, to;
};

/* C1 controls; soft hyphen; zero width and direction marks; line and paragraph
 * separators and embeddings; isolates; byte order mark; surrogates; tags. */
static const struct span hidden[] = {
    {0x7f, 0x9f},
    {0xad, 0xad},
    {0x61c, 0x61c},
    {0x200b, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0xd800, 0xdfff},
    {0xfeff, 0xfeff},
    {0xfff0, 0xfffb},
    {0xe0000, 0xe0fff},
};

static bool
is_shown(uint32_t point)
{
	if (point < 0x20 || point > 0x10ffff)
		return false;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (point >= hidden[i].from && point <= hidden[i].to)
			return false;
	return true;
}

/* The length that a first byte announces, and its own bits; 0: none may begin so. */
static size_t
sequence_length(unsigned char first, uint32_t *bits)
{
	if (first < 0x80) {
		*bits = first;
		return 1;
	}
	if (first >= 0xc2 && first < 0xe0) {
		*bits = first & 0x1f;
		return 2;
	}
	if (first >= 0xe0 && first < 0xf0) {
		*bits = first & 0x0f;
		return 3;
	}
	if (first >= 0xf0 && first < 0xf5) {
		*bits = first & 0x07;
		return 4;
	}
	return 0;
}

size_t
printable_char(const char *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t point;
	size_t len = sequence_length((unsigned char)text[0], &point);

	for (size_t i = 1; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];
		if ((byte & 0xc0) != 0x80) /* also the end of the text */
			return 0;
		point = point << 6 | (byte & 0x3f);
	}
	return len > 0 && point >= least[len] && is_shown(point) ? len : 0;
}

size_t
printable_width(const char *text)
{
	size_t width = 0;

	while (*text != '\0') {
		size_t len = printable_char(text);
		width += len > 0 ? 1 : 4;
		text += len > 0 ? len : 1;
	}
	return width;
}

size_t
printable_put(FILE *out, const char *text)
{
	size_t width = 0;

	while (*text != '\0') {
		size_t len = printable_char(text);
		if (len > 0)
			fwrite(text, 1, len, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
		width += len > 0 ? 1 : 4;
		text += len > 0 ? len : 1;
	}
	return width;
}
