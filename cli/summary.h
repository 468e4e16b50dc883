/* Sums over records: who, or which VM, or which day, had how much. */
#ifndef SALLYPORT_CLI_SUMMARY_H
#define SALLYPORT_CLI_SUMMARY_H

#include "cli/audit_line.h"
#include "cli/rows.h"

enum summary_by {
	SUMMARY_BY_USER = 0,
	SUMMARY_BY_VM,
	SUMMARY_BY_DAY, /* by the wall clock */
};

struct summary_entry;

struct summary {
	enum summary_by by;
	struct summary_entry *entries; /* owned */
	size_t count;
};

/* 0 and *by; -EINVAL. */
int summary_parse_by(const char *text, enum summary_by *by);

/* 0, -ENOMEM. */
int summary_add(struct summary *summary, const struct audit_record *record);

/* A row for each, sorted. 0, -ENOMEM. */
int summary_rows(struct summary *summary, struct rows *rows);
void summary_free(struct summary *summary);

#endif
