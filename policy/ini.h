/* INI files, read strictly: sections with their keys, each with its line.
 * "key = value" lines; [section] lines; comments from a '#' at a line's start or
 * after a blank, and lines that begin with ';'. No continuation lines, no quotes. */
#ifndef SALLYPORT_POLICY_INI_H
#define SALLYPORT_POLICY_INI_H

#include "policy/report.h"

#include <stddef.h>

struct ini_entry {
	char *key;
	char *value; /* "" if empty; UTF-8 without control characters */
	size_t line;
};

struct ini_section {
	char *name; /* what stands between the brackets, blanks folded */
	size_t line;
	struct ini_entry *entries;
	size_t entry_count;
};

struct ini {
	struct ini_section *sections;
	size_t section_count;
};

/* Reads text[len] into *ini. What is malformed or double is said in report and
 * left out; the rest is there. Section names are of [A-Za-z0-9 ._-], keys of the
 * same without blanks. 0; -ENOMEM, and *ini is empty. */
int ini_parse(const char *file, const char *text, size_t len, struct report *report,
    struct ini *ini);
/* Leaves *ini empty. */
void ini_free(struct ini *ini);

#endif
