/* The lines of sshd -T. */
#include "cli/sshd_effective.h"

#include "lib/ascii.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Cuts a line into keyword and value; false when it is not of that form. */
static bool
read_line(char *text, struct sshd_line *line)
{
	size_t len = strcspn(text, " ");

	if (len == 0 || text[len] == '\0')
		return false;
	text[len] = '\0';
	for (char *c = text; *c != '\0'; c++)
		*c = ascii_lower(*c);
	line->keyword = text;
	line->value = text + len + 1;
	return true;
}

int
sshd_effective_take(struct sshd_effective *effective, char *text)
{
	size_t cap = 1;

	*effective = (struct sshd_effective){.text = text};
	for (const char *c = text; *c != '\0'; c++)
		cap += *c == '\n';
	effective->lines = calloc(cap, sizeof(*effective->lines));
	if (effective->lines == NULL) {
		sshd_effective_free(effective);
		return -ENOMEM;
	}
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		bool is_last = text[len] == '\0';
		text[len] = '\0';
		if (read_line(text, &effective->lines[effective->count]))
			effective->count++;
		if (is_last)
			break;
		text += len + 1;
	}
	return 0;
}

void
sshd_effective_free(struct sshd_effective *effective)
{
	free(effective->text);
	free(effective->lines);
	*effective = (struct sshd_effective){0};
}

const char *
sshd_effective_next(const struct sshd_effective *effective, const char *keyword, size_t *at)
{
	while (*at < effective->count) {
		const struct sshd_line *line = &effective->lines[(*at)++];
		if (strcmp(line->keyword, keyword) == 0)
			return line->value;
	}
	return NULL;
}

const char *
sshd_effective_get(const struct sshd_effective *effective, const char *keyword)
{
	size_t at = 0;

	return sshd_effective_next(effective, keyword, &at);
}

bool
sshd_effective_has_word(const char *list, const char *word)
{
	size_t wanted = strlen(word), len;

	for (; *list != '\0'; list += len) {
		list += strspn(list, " ,");
		len = strcspn(list, " ,");
		if (len == wanted && memcmp(list, word, len) == 0)
			return true;
	}
	return false;
}

size_t
sshd_effective_words(const char *value)
{
	size_t n = 0;

	for (value += strspn(value, " "); *value != '\0'; n++) {
		value += strcspn(value, " ");
		value += strspn(value, " ");
	}
	return n;
}
