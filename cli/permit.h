/* Which endpoints sshd may open for whom: PermitOpen, from the grants. */
#ifndef SALLYPORT_CLI_PERMIT_H
#define SALLYPORT_CLI_PERMIT_H

#include "policy/policy.h"

#include <stddef.h>
#include <time.h>

/* Logins become slow from 1,000 entries on and fail at some 10,000. */
#define PERMIT_MAX 2000

struct permit {
	char *user;
	char *open;	/* the words behind PermitOpen; "" for none */
	size_t entries; /* how many words */
};

struct permits {
	struct permit *list; /* owned; ordered by open, then user */
	size_t count;
};

/* For every user of members_find but uid 0: all endpoints of all VMs that any of
 * his lines leads to, whatever the time (times are the gate's business). now: any
 * time will do. permit_free in any case. 0, -ENOMEM, -E2BIG. Asks NSS. */
int permit_find(const struct policy *policy, time_t now, struct permits *permits);
void permit_free(struct permits *permits);

#endif
