/* Reads the log's files as one, from a time on, and waits for more. */
#ifndef SALLYPORT_CLI_LOG_READ_H
#define SALLYPORT_CLI_LOG_READ_H

#include "cli/audit_files.h"
#include "cli/log_filter.h"

/* Called for each record that the filter takes, and with NULL for a line that is
 * none. Not 0 ends the reading, and is returned. */
typedef int log_read_fn(void *arg, const struct audit_record *record, const char *line, size_t len);

/* All files; those, and those parts, that lie before filter->since are passed over
 * (found by halving, where a file is not compressed). 0; what fn gave; -errno, and
 * *path is the file. */
int log_read_all(const struct audit_files *files, const struct log_filter *filter,
    log_read_fn *fn, void *arg, const char **path);

/* What is written from now on into audit.jsonl of folder, from file to file, for
 * ever; before that its last `last` records. fn is called with no record and no
 * line when it has caught up. What fn gave; -errno. */
int log_read_follow(const char *folder, size_t last, const struct log_filter *filter,
    log_read_fn *fn, void *arg);

#endif
