/* One character after the other. */
#include "shell/quoted.h"

#include <string.h>

/* What a shell would act on when it stands unquoted. */
#define ACTIVE "$`;&|<>()\n\r"

struct word {
	char *text;
	size_t cap, len;
};

static bool
put(struct word *word, char c)
{
	if (word->len + 1 >= word->cap)
		return false;
	word->text[word->len++] = c;
	return true;
}

static int
fail(struct quoted *quoted, const char *error)
{
	quoted->error = error;
	return -1;
}

static int
take_single(struct quoted *quoted, struct word *word)
{
	for (; *quoted->at != '\''; quoted->at++) {
		if (*quoted->at == '\0')
			return fail(quoted, "a quote is not closed");
		if (!put(word, *quoted->at))
			return fail(quoted, "the command is too long");
	}
	quoted->at++;
	return 0;
}

static int
take_double(struct quoted *quoted, struct word *word)
{
	for (; *quoted->at != '"'; quoted->at++) {
		if (*quoted->at == '\0')
			return fail(quoted, "a quote is not closed");
		if (*quoted->at == '$' || *quoted->at == '`')
			return fail(quoted, "no shell reads this: $ and ` mean nothing here");
		if (*quoted->at == '\\' && quoted->at[1] != '\0' &&
		    strchr("$`\"\\", quoted->at[1]) != NULL)
			quoted->at++;
		if (!put(word, *quoted->at))
			return fail(quoted, "the command is too long");
	}
	quoted->at++;
	return 0;
}

static int
take_plain(struct quoted *quoted, struct word *word)
{
	char c = *quoted->at++;

	if (c == '\\') {
		c = *quoted->at;
		if (c == '\0' || c == '\n')
			return fail(quoted, "a backslash stands before nothing");
		quoted->at++;
	} else if (strchr(ACTIVE, c) != NULL) {
		return fail(quoted, "no shell reads this: quote what is part of a name");
	} else if (c == '*' || c == '?' || c == '[') {
		quoted->has_pattern = true;
	}
	return put(word, c) ? 0 : fail(quoted, "the command is too long");
}

int
quoted_next(struct quoted *quoted, char *word, size_t cap, size_t *len)
{
	struct word to = {.text = word, .cap = cap};
	int err = 0;

	quoted->at += strspn(quoted->at, " \t");
	quoted->has_pattern = false;
	quoted->is_home = quoted->at[0] == '~' &&
			  (quoted->at[1] == '/' || strchr(" \t", quoted->at[1]) != NULL);
	if (*quoted->at == '\0')
		return 0;
	if (*quoted->at == '#')
		return fail(quoted, "no shell reads this: quote what is part of a name");
	while (err == 0 && strchr(" \t", *quoted->at) == NULL) { /* finds the end, too */
		if (*quoted->at == '\'') {
			quoted->at++;
			err = take_single(quoted, &to);
		} else if (*quoted->at == '"') {
			quoted->at++;
			err = take_double(quoted, &to);
		} else {
			err = take_plain(quoted, &to);
		}
	}
	if (err < 0)
		return err;
	word[to.len] = '\0';
	*len = to.len;
	return 1;
}
