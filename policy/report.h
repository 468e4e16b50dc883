/* Errors and warnings of one run over the configuration, each as
 * "file:line: key: reason", all of them kept. */
#ifndef SALLYPORT_POLICY_REPORT_H
#define SALLYPORT_POLICY_REPORT_H

#include <stddef.h>

struct report {
	char *text;      /* lines joined by '\n'; owned; NULL when empty */
	size_t len, cap; /* bytes */
	size_t errors, warnings;
};

/* line 0: the file as a whole. key may be NULL. Foreign bytes in the arguments
 * are escaped here. Lines after the 1000th are counted and not kept. */
void report_error(struct report *report, const char *file, size_t line, const char *key,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
void report_warning(struct report *report, const char *file, size_t line, const char *key,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
void report_free(struct report *report);

#endif
