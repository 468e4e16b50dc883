/* What sshd -T says: one user's effective configuration, a keyword a line. */
#ifndef SALLYPORT_CLI_SSHD_EFFECTIVE_H
#define SALLYPORT_CLI_SSHD_EFFECTIVE_H

#include <stdbool.h>
#include <stddef.h>

struct sshd_line {
	const char *keyword; /* lower case */
	const char *value;   /* the rest of the line */
};

struct sshd_effective {
	char *text; /* cut up: holds all strings */
	struct sshd_line *lines;
	size_t count;
};

/* Reads text, which it takes, errors or not. Lines without a value are left out.
 * 0, -ENOMEM. */
int sshd_effective_take(struct sshd_effective *effective, char *text);
void sshd_effective_free(struct sshd_effective *effective);

/* The first value of keyword; NULL when sshd has no such keyword. */
const char *sshd_effective_get(const struct sshd_effective *effective, const char *keyword);

/* The next line of keyword behind *at (0 at first); NULL behind the last. */
const char *sshd_effective_next(const struct sshd_effective *effective, const char *keyword,
    size_t *at);

/* Does a list of words, divided by blanks or commas, hold this one? Case counts. */
bool sshd_effective_has_word(const char *list, const char *word);

/* How many words, divided by blanks, a value has. */
size_t sshd_effective_words(const char *value);

#endif
