/* vm_mappings in slices: read, then checked, some lines at a time. */
#ifndef SALLYPORT_POLICY_GRANTS_READ_H
#define SALLYPORT_POLICY_GRANTS_READ_H

#include "policy/grants.h"

/* Zeroed: nothing to read. */
struct grants_reader {
	struct grants *grants;
	struct report *report;
	const char *file;
	char *text, *rest; /* text: ours; rest: what is left of it, NULL nothing */
	size_t line;
};

/* As grants_parse, but only takes a copy of text. 0, -ENOMEM. */
int grants_read_begin(struct grants_reader *reader, struct grants *grants, const char *file,
    const char *text, size_t len, struct report *report);
/* Up to that many lines. 1: there are more; 0, -ENOMEM: the reader is ended. */
int grants_read_some(struct grants_reader *reader, size_t lines);
void grants_read_end(struct grants_reader *reader);

struct grants_checker { /* zeroed: at the first */
	size_t next;        /* each line comes twice */
	struct index texts; /* of the lines before it */
};

/* As grants_check, up to that many looks at a line. 1: there are more; 0, -ENOMEM: it is ended. */
int grants_check_some(struct grants_checker *checker, const struct grants *grants,
    const struct vms *vms, struct report *report, size_t lines);
void grants_check_end(struct grants_checker *checker);

#endif
