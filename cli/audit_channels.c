/* Word by word; first all of them are looked at. */
#include "cli/audit_channels.h"

#include "cli/amount.h"
#include "lib/num.h"

#include <string.h>

#define WORD_MAX 128
#define UNKNOWN  UINT64_MAX

struct channel {
	char name[WORD_MAX];
	uint64_t up, down, ms; /* UNKNOWN: "-" */
};

/* "NUMBER", or "-" before a "/", and what ends it, from *at on, which then is behind that. */
static bool
take_number(const char **at, char end, uint64_t *value)
{
	char digits[24];
	size_t len = strspn(*at, "0123456789");

	*value = UNKNOWN;
	if (end == '/' && strncmp(*at, "-/", 2) == 0) {
		*at += 2;
		return true;
	}
	if (len >= sizeof(digits) || (*at)[len] != end)
		return false;
	memcpy(digits, *at, len);
	digits[len] = '\0';
	*at += len + (end != '\0');
	return num_parse(digits, 0, UINT64_MAX, value) == 0;
}

/* "inputs:0=UP/DOWN/MS", or "inputs*3=…". */
static bool
read_word(const char *word, struct channel *channel)
{
	size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789:*");

	if (len == 0 || word[len] != '=')
		return false;
	memcpy(channel->name, word, len);
	channel->name[len] = '\0';
	word += len + 1;
	return take_number(&word, '/', &channel->up) &&
	       take_number(&word, '/', &channel->down) &&
	       take_number(&word, '\0', &channel->ms);
}

/* The next word of *text; false when there is none, or it is no channel. */
static bool
next(const char **text, struct channel *channel)
{
	char word[WORD_MAX];
	size_t len = strcspn(*text, " ");

	if (len == 0 || len >= sizeof(word))
		return false;
	memcpy(word, *text, len);
	word[len] = '\0';
	if (!read_word(word, channel))
		return false;
	*text += len;
	*text += **text == ' ' && (*text)[1] != '\0';
	return true;
}

static void
put_size(char text[AMOUNT_MAX], uint64_t bytes)
{
	if (bytes == UNKNOWN)
		snprintf(text, AMOUNT_MAX, "unknown");
	else
		amount_size(text, bytes);
}

static void
put(FILE *out, const struct channel *channel)
{
	char up[AMOUNT_MAX], down[AMOUNT_MAX], duration[AMOUNT_MAX];

	put_size(up, channel->up);
	put_size(down, channel->down);
	amount_duration(duration, channel->ms);
	fprintf(out, " %s up %s down %s in %s", channel->name, up, down, duration);
}

bool
audit_channels_put(FILE *out, const char *text)
{
	const char *rest = text;
	struct channel channel;
	size_t n = 0;

	while (next(&rest, &channel))
		n++;
	if (n == 0 || *rest != '\0')
		return false;
	for (rest = text; next(&rest, &channel);) {
		put(out, &channel);
		if (*rest != '\0')
			fputc(',', out);
	}
	return true;
}
