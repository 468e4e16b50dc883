/* Small readers shared by the parsers of this folder; they allocate nothing. */
#include "policy/text.h"

#include "lib/num.h"

#include <stdint.h>
#include <string.h>

#define HOST_MAX 253 /* RFC 1035 */

char *
text_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	char *end = word + strcspn(word, " \t");

	if (*word == '\0')
		return NULL;
	*rest = end;
	if (*end != '\0') {
		*end = '\0';
		*rest = end + 1;
	}
	return word;
}

char *
text_item(char **rest, char sep)
{
	char *item = *rest, *end;

	if (item == NULL)
		return NULL;
	end = strchr(item, sep);
	*rest = end != NULL ? end + 1 : NULL;
	if (end != NULL)
		*end = '\0';
	return item;
}

static char *
strip(char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	text[len] = '\0';
	return text + strspn(text, " \t");
}

char *
text_trim(char *text)
{
	size_t len = 0;

	while (text[len] != '\0' && !(text[len] == '#' && (len == 0 || text[len - 1] == ' ' ||
							      text[len - 1] == '\t')))
		len++;
	return strip(text, len);
}

char *
text_strip(char *text)
{
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == '\r')
		len--;
	return strip(text, len);
}

void
text_fold(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from != ' ' && *from != '\t')
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

bool
text_is_name(const char *text, size_t max)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len <= max && text[len] == '\0' && text[0] != '-';
}

bool
text_is_path(const char *text, size_t max)
{
	size_t len = strlen(text), part;

	if (text[0] != '/' || len < 2 || len > max)
		return false;
	while (*text == '/') {
		text++;
		part = strcspn(text, "/");
		if (part == 0 || (part == 1 && text[0] == '.') ||
		    (part == 2 && text[0] == '.' && text[1] == '.'))
			return false;
		text += part;
	}
	return true;
}

bool
text_is_host(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789.-");
	uint64_t port;

	if (len == 0 || len > HOST_MAX || text[0] == '-' || text[0] == '.')
		return false;
	return text[len] == '\0' ||
	       (text[len] == ':' && num_parse(text + len + 1, 1, UINT16_MAX, &port) == 0);
}

/* The bytes of the character at s, of which left are there; 0 when it is none. */
static size_t
utf8_len(const unsigned char *s, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80   ? 1
		   : s[0] < 0xc0 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf8 ? 4
				 : 0;
	uint32_t value = n <= 1 ? s[0] : s[0] & (0x7fU >> n);

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff) ||
	    value < 0x20 || (value >= 0x7f && value < 0xa0))
		return 0;
	return n;
}

bool
text_is_clean_utf8(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	while (len > 0) {
		size_t n = utf8_len(s, len);
		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}
