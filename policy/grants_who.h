/* The users and groups that vm_mappings names, each once. */
#ifndef SALLYPORT_POLICY_GRANTS_WHO_H
#define SALLYPORT_POLICY_GRANTS_WHO_H

#include "policy/grants.h"

/* Finds or adds who ("anne", "@group", escapes decoded) and sets *index. 0; -ENOSPC
 * when there would be too many groups; -ENOMEM. */
int grants_who_add(struct grants *grants, const char *text, bool is_group, size_t *index);

/* The user or group of that name (without '@'); NULL when no line has it. */
const struct grant_who *grants_who_find(const struct grants *grants, const char *name,
    bool is_group);

#endif
