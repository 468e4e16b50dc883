/* Which records one wants to see. */
#ifndef SALLYPORT_CLI_LOG_FILTER_H
#define SALLYPORT_CLI_LOG_FILTER_H

#include "cli/audit_line.h"
#include "cli/cli.h"

#include <stdbool.h>
#include <time.h>

#define LOG_TIME_MAX 32

struct log_filter {
	const struct log_words *words;
	const char *const *users; /* any of these */
	size_t user_count;        /* 0: all */
	/* As records write their time, so that text order is time order; "": no bound. */
	char since[LOG_TIME_MAX], until[LOG_TIME_MAX];
};

/* From the options, times seen from now. 0; CLI_USAGE, and the reason was said. */
int log_filter_begin(struct log_filter *filter, const struct cli *cli, time_t now);

/* Whether the record is one of those. */
bool log_filter_takes(const struct log_filter *filter, const struct audit_record *record);

/* A time that is past: "2h" (ago; units as in sallyport.conf), "10:00" (today),
 * "today", "yesterday", "2026-11-20", "2026-11-20 10:00", by the wall clock (TZ).
 * 0 and *at; -EINVAL, -ERANGE. */
int log_filter_time(const char *text, time_t now, time_t *at);

#endif
