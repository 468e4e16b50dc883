/* Names of the audit log's files: audit.jsonl is written now, audit.jsonl.new is
 * about to take its place, audit.jsonl-2026-11-21-000000000042 was written before:
 * UTC day and seq of its first record. Order is by seq; ".gz" and the like may
 * follow. */
#ifndef SALLYPORT_LIB_AUDIT_NAME_H
#define SALLYPORT_LIB_AUDIT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_NAME_NOW  "audit.jsonl"
#define AUDIT_NAME_NEXT "audit.jsonl.new"
#define AUDIT_NAME_MAX  96 /* with the final NUL */

struct audit_name {
	int64_t day;    /* since 1970-01-01 */
	uint64_t seq;   /* of its first record, 1 to INT64_MAX */
	bool is_plain;  /* nothing behind the seq */
};

/* The plain name. */
void audit_name_format(const struct audit_name *name, char text[AUDIT_NAME_MAX]);

/* Whether text names a file that was written before, and then *name. */
bool audit_name_parse(const char *text, struct audit_name *name);

/* "2026-11-21" of the first ten bytes of text as a day; -1 when it is none. */
int64_t audit_name_day(const char *text);

#endif
