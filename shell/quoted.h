/* Words of a command line as a POSIX shell would split and unquote them, where nothing
 * in it would be expanded, joined or redirected. Pure. */
#ifndef SALLYPORT_SHELL_QUOTED_H
#define SALLYPORT_SHELL_QUOTED_H

#include <stdbool.h>
#include <stddef.h>

struct quoted {
	const char *at; /* what is left */
	bool has_pattern; /* *, ? or [ stood unquoted in the last word: it is taken as it is */
	bool is_home;     /* it began with an unquoted ~ alone or before a slash */
	const char *error; /* static; for the user */
};

/* The next word into word[cap]; its length in *len. 1; 0 at the end; -1: error says why. */
int quoted_next(struct quoted *quoted, char *word, size_t cap, size_t *len);

#endif
