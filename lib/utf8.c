/* The first byte says the length and is checked by what comes out. */
#include "lib/utf8.h"

size_t
utf8_char(const char *text, size_t left, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text;
	size_t len;
	uint32_t c;

	if (left == 0)
		return 0;
	len = s[0] < 0x80   ? 1
	      : s[0] < 0xc2 ? 0
	      : s[0] < 0xe0 ? 2
	      : s[0] < 0xf0 ? 3
	      : s[0] < 0xf5 ? 4
			    : 0;
	if (len == 0 || len > left)
		return 0;
	c = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80) /* or a NUL */
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*point = c;
	return len;
}
