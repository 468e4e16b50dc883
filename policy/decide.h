/* The decision: pure, the same for a channel and for `explain`. */
#ifndef SALLYPORT_POLICY_DECIDE_H
#define SALLYPORT_POLICY_DECIDE_H

#include "lib/verdict.h"
#include "policy/policy.h"

#include <stddef.h>
#include <time.h>

struct question {
	const char *user;
	const char *const *groups; /* names of the groups that the user is in */
	size_t group_count;
	const char *vm;    /* a VM's name or "host" */
	const char *right; /* as in vm_mappings: "spice", "spice:view", "ssh", "usb" … */
	time_t at;         /* judged by the gateway's wall clock (TZ) */
};

struct answer {
	enum verdict verdict;
	/* "vm_mappings:6", or "" when no line decided. For an allow: the first line
	 * that covers it now. For a denial: the first line of that who, VM and right
	 * that holds at another time. */
	char line[96];
	char text[160];      /* that line's own words, blanks folded, escaped, maybe cut */
	char why[40];        /* of a denial: why that line does not hold, "not on Wed" */
	const char *reason;  /* static: "granted", "no grant covers it", … */
	time_t next_change;  /* when the verdict next changes if no file does; 0: never */
};

/* An unknown VM, an undeclared service and a missing grant are told apart by
 * reason only. "spice:full" and the like are answered as the union of lines. */
void decide(const struct policy *policy, const struct question *question, struct answer *answer);

#endif
