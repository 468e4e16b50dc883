/* vm_mappings: who may. Grammar: man/vm_mappings.5. */
#ifndef SALLYPORT_POLICY_GRANTS_H
#define SALLYPORT_POLICY_GRANTS_H

#include "policy/index.h"
#include "policy/report.h"
#include "policy/vms.h"
#include "policy/when.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum grant_scope {
	GRANT_VM = 0, /* the VM called vm */
	GRANT_ANY,    /* "*": every VM, never the host */
	GRANT_HOST,
};

struct grant {
	size_t who;   /* index of grants.whos */
	enum grant_scope scope;
	char *vm;
	uint32_t rights; /* what the fixed words give (rights.h) */
	char **names;    /* services, or on the host what may be run; NULL at the end */
	struct when when;
	char *text;   /* the line's own words, blanks folded, no comment */
	const char *file;
	size_t line;
	size_t next, last; /* of that who and VM, numbers + 1: the next; in the first, the last */
};

struct grant_who {
	char *text;       /* as it stands there, "anne" or "@group", escapes decoded */
	const char *name; /* in text, without '@' */
	bool is_group;
	size_t lines;
};

struct grants {
	struct grant *grants;
	size_t count;
	struct grant_who *whos; /* each once, in order of first mention */
	size_t who_count;
	size_t *groups; /* indexes of whos */
	size_t group_count;
	struct index names; /* of whos */
	struct index lines; /* by who and VM, the first of them (grants_lines.h) */
};

/* Adds the lines of text[len]; file must outlive *grants. What is wrong is said in
 * report, the rest is added. 0, -ENOMEM. */
int grants_parse(struct grants *grants, const char *file, const char *text, size_t len,
    struct report *report);
/* After the last file: unknown VMs and services are errors; lines that are there
 * twice or ask for what a VM has not are warned of. 0, -ENOMEM. */
int grants_check(const struct grants *grants, const struct vms *vms, struct report *report);
void grants_free(struct grants *grants);

#endif
