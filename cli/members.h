/* The people that vm_mappings means, and their groups. */
#ifndef SALLYPORT_CLI_MEMBERS_H
#define SALLYPORT_CLI_MEMBERS_H

#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>

struct member {
	char *name;
	bool *in_group;	     /* for each policy_group */
	const char **groups; /* the names of those; the strings are the policy's */
	size_t group_count;
	bool is_root; /* uid 0: never passes the gate */
};

struct members {
	struct member *list; /* owned, with all below */
	size_t count;
};

/* Finds every user named in vm_mappings, and the members of the groups named there
 * as far as NSS lists them: in the group's own list, or as the primary group of a
 * user whom getpwent lists. members_free in any case, before the policy is. Asks
 * NSS, and waits for it. 0, -ENOMEM. */
int members_find(const struct policy *policy, struct members *members);
void members_free(struct members *members);

#endif
