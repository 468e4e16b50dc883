/* The lines of vm_mappings, found by who and VM. */
#ifndef SALLYPORT_POLICY_GRANTS_LINES_H
#define SALLYPORT_POLICY_GRANTS_LINES_H

#include "policy/grants.h"

/* Makes line number one of its who's and VM's, behind those before it. 0, -ENOMEM. */
int grants_lines_add(struct grants *grants, size_t number);

/* The number + 1 of who's first line with this second word (a VM's name, "*" or "host");
 * each leads to the next. 0: none. */
size_t grants_lines_first(const struct grants *grants, const struct grant_who *who,
    const char *vm);

#endif
