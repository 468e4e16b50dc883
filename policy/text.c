/* Small readers shared by the parsers of this folder; they allocate nothing. */
#include "policy/text.h"

#include "lib/num.h"
#include "lib/utf8.h"

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

bool
text_is_clean_utf8(const char *text, size_t len)
{
	uint32_t c;

	while (len > 0) {
		size_t n = utf8_char(text, len, &c);
		if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
		text += n;
		len -= n;
	}
	return true;
}
