/* What doctor found. */
#ifndef SALLYPORT_CLI_FINDINGS_H
#define SALLYPORT_CLI_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum finding_severity {
	FINDING_NOTE = 0,    /* worth knowing */
	FINDING_WARNING = 1, /* something does not work, or soon will not */
	FINDING_LOCKOUT = 2, /* somebody who should get in does not */
	FINDING_HOLE = 3,    /* a wall is down, even if another still stands */
	FINDING_SEVERITIES = 4,
};

struct finding {
	const char *id, *meaning; /* the check's */
	enum finding_severity severity;
	char *what;  /* owned, as are those below; NULL: none */
	char *where; /* file:line */
	char *users; /* whom it concerns */
	char *mend;  /* words, or a command for root's shell */
	bool is_command;
};

struct findings {
	struct finding **list; /* owned */
	size_t count;
	bool failed; /* there was no memory for one */
};

const char *finding_severity_name(enum finding_severity severity);

/* The finding with this id and what, which it takes: the one that is there, or a new
 * one. NULL, and failed is set, without memory. */
struct finding *findings_take(struct findings *findings, const char *id, char *what);
void findings_free(struct findings *findings);

/* These accept NULL, and what cannot be kept for lack of memory is left out. */
void finding_at(struct finding *finding, const char *path, size_t line);
void finding_user(struct finding *finding, const char *user);
void finding_mend(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_command(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* text as one word of a shell, into word[cap]; "" when it does not fit. */
const char *finding_quote(char *word, size_t cap, const char *text);

#endif
