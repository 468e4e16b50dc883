/* Taking in the configuration: at start, on SIGHUP, on `sallyport reload`. Read
 * whole, checked, swapped in at once; a broken file changes nothing. */
#ifndef SALLYPORT_DAEMON_RELOAD_H
#define SALLYPORT_DAEMON_RELOAD_H

#include "daemon/gateway.h"
#include "policy/report.h"

#include <stdbool.h>

/* 0 and the new policy in force; -EINVAL with report filled and all as it was;
 * -EPERM when the new policy has no grant, the old one had, and !force. With
 * is_dry_run nothing is swapped in. */
int reload_policy(struct gateway *gw, struct report *report, bool is_dry_run, bool force);

/* Once a second: what waits for the names helper (the gated group's gid, the back
 * ends' uids, the groups of connections) is asked for again. */
void reload_sweep(struct gateway *gw);

#endif
