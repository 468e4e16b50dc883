/* policy_load in slices, for a process that has others to answer meanwhile. */
#ifndef SALLYPORT_POLICY_LOADING_H
#define SALLYPORT_POLICY_LOADING_H

#include "policy/policy.h"

struct policy_loading;

/* Begins; reads nothing yet. report must outlive it. NULL without memory. */
struct policy_loading *policy_loading_new(const char *conf_path, struct report *report);
/* One file, or some hundred lines of one (well below a millisecond; other files than
 * vm_mappings are taken whole). 1: there is more; 0: *policy is there, the caller's to
 * free; else as policy_load. */
int policy_loading_step(struct policy_loading *loading, struct policy **policy);
void policy_loading_free(struct policy_loading *loading); /* accepts NULL */

#endif
