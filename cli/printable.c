/* Which characters may pass to a terminal. */
#include "cli/printable.h"

#include "lib/utf8.h"

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

size_t
printable_char(const char *text)
{
	uint32_t point;
	size_t len = utf8_char(text, SIZE_MAX, &point);

	return len > 0 && is_shown(point) ? len : 0;
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
