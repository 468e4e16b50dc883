/* A configuration file as a whole: opened only if it can be trusted, bounded,
 * and of text lines that all end. */
#ifndef SALLYPORT_POLICY_SOURCE_H
#define SALLYPORT_POLICY_SOURCE_H

#include "policy/report.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether text[len] is lines that a parser may be given: no NUL, no byte-order
 * mark, no control character but tab (and, with crlf_ok, CR before a newline),
 * the last line with its newline, since a file cut short may grant more than it
 * said. Says in report what is wrong, under the name file. */
bool source_check(const char *file, const char *text, size_t len, bool crlf_ok,
    struct report *report);

struct source {
	const char *path;
	const char *file; /* its name in messages */
	size_t max;       /* bytes */
	bool crlf_ok;
};

/* Reads a file: 0 with a fresh NUL-terminated *text (the caller's) and its
 * mtime, even when source_check found errors in it, so that the parser can
 * report the others too; -EINVAL when there is no text and report says why;
 * -ENOMEM. */
int source_read(const struct source *source, struct report *report, char **text, size_t *len,
    long long *mtime_ns);

#endif
