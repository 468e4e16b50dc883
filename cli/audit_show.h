/* Shows the audit file to a person. */
#ifndef SALLYPORT_CLI_AUDIT_SHOW_H
#define SALLYPORT_CLI_AUDIT_SHOW_H

#include "cli/audit_line.h"

#include <stdbool.h>
#include <stdio.h>

/* Writes each record of the file at path as one line to out: local time, seq,
 * event, who, what and how it ended; with json as it stands in the file.
 * Nothing that a terminal could obey comes out, whatever the file holds. Lines
 * that are no records are named as such. 0; -EBADMSG when there were such;
 * -errno when the file could not be read. */
int audit_show(const char *path, bool json, FILE *out);

/* The same of one line that was read, and what it was taken apart into (NULL: it is
 * no record). 0, -EBADMSG. */
int audit_show_line(FILE *out, bool json, const struct audit_record *record, const char *line,
    size_t len);

#endif
