/* Is this user gated? The module asks NSS itself, so that with the daemon down
 * those who are not gated log in as ever. */
#ifndef SALLYPORT_PAM_GATED_H
#define SALLYPORT_PAM_GATED_H

#include "pam_module/options.h"

enum gated {
	GATED_UNKNOWN = 0, /* could not be read in time: counts as gated */
	GATED_YES = 1,
	GATED_NO = 2,
};

/* Membership of user in options->group, by primary group, by the group's list of
 * members and by initgroups. uid 0 is GATED_NO unless options->gate_root. The
 * look-up runs in a child that is killed after timeout_ms, at most GATED_MS; the
 * caller's signal handlers and children are left alone. */
#define GATED_MS 1800
enum gated gated_ask(const struct options *options, const char *user, int timeout_ms);

#endif
