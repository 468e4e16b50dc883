/* A table of what may pass. No combining marks,
 * no right-to-left letters, no spaces but ASCII's, nothing without a width of its own. */
#include "shell/glyph.h"

#include "lib/escape.h"
#include "lib/utf8.h"

#include <stdint.h>
#include <string.h>

static const struct range {
	uint32_t first, last;
	unsigned int width;
} ranges[] = {
    {0x00a1, 0x00ac, 1}, {0x00ae, 0x02ff, 1}, /* Latin */
    {0x0370, 0x0377, 1}, {0x037b, 0x037f, 1}, {0x0386, 0x038a, 1}, {0x038c, 0x038c, 1},
    {0x038e, 0x03a1, 1}, {0x03a3, 0x0482, 1}, {0x048a, 0x052f, 1}, /* Greek, Cyrillic */
    {0x1e00, 0x1eff, 1},                                           /* Latin, Vietnamese */
    {0x2010, 0x2015, 1}, {0x2018, 0x201f, 1}, {0x2020, 0x2022, 1}, {0x2026, 0x2026, 1},
    {0x2039, 0x203a, 1}, {0x20ac, 0x20ac, 1}, {0x2116, 0x2116, 1}, {0x2190, 0x2193, 1},
    {0x3001, 0x3002, 2}, {0x300c, 0x300f, 2}, {0x3041, 0x3096, 2}, {0x30a1, 0x30fc, 2},
    {0x4e00, 0x9fff, 2}, {0xac00, 0xd7a3, 2}, {0xff01, 0xff60, 2}, /* East Asian, wide */
};

/* The character's bytes, 0 when it is none, or none that may pass; *width its columns. */
static size_t
glyph(const char *text, unsigned int *width)
{
	uint32_t c;
	size_t len = utf8_char(text, SIZE_MAX, &c);

	for (size_t i = 0; len > 0 && i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last) {
			*width = ranges[i].width;
			return len;
		}
	return 0;
}

char *
glyph_escape(char *text, size_t cap, const char *foreign)
{
	size_t used = 0, keep = 0, n, len;
	unsigned int width;
	char one[8];

	while (*foreign != '\0') {
		n = len = glyph(foreign, &width);
		if (n > 0) {
			memcpy(one, foreign, n);
		} else {
			escape_bytes(one, sizeof(one), foreign, 1);
			n = 1;
			len = strlen(one);
		}
		if (used + len >= cap) {
			memcpy(text + keep, "...", 4);
			return text;
		}
		memcpy(text + used, one, len);
		used += len;
		foreign += n;
		if (used + 4 <= cap)
			keep = used; /* the last place where "..." still fits */
	}
	text[used] = '\0';
	return text;
}

/* Of the character at text, which is not at its end. */
static size_t
step(const char *text, unsigned int *width)
{
	size_t n = glyph(text, width);

	if (n > 0)
		return n;
	*width = 1;
	return 1;
}

size_t
glyph_width(const char *text)
{
	size_t width = 0;
	unsigned int one;

	while (*text != '\0') {
		text += step(text, &one);
		width += one;
	}
	return width;
}

void
glyph_cut(char *text, size_t width)
{
	size_t used = 0;
	unsigned int one;

	if (glyph_width(text) <= width)
		return;
	for (;;) {
		size_t n = step(text, &one);

		if (used + one + 3 > width)
			break;
		used += one;
		text += n;
	}
	/* At least three columns are cut off, so there is room for as many bytes. */
	memcpy(text, "...", 4);
}
