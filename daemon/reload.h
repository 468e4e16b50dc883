/* Taking in the configuration: at start, on SIGHUP, on `sallyport reload`. Read
 * whole, checked, swapped in at once; a broken file changes nothing. The users of
 * live connections are looked up first, for what the new policy asks of them. */
#ifndef SALLYPORT_DAEMON_RELOAD_H
#define SALLYPORT_DAEMON_RELOAD_H

#include "daemon/gateway.h"
#include "daemon/toll.h"
#include "policy/report.h"

#include <stdbool.h>

/* At start. 0, or -errno and report filled. */
int reload_first(struct gateway *gw, struct report *report);

struct reload_result {
	/* 0; -EINVAL with report filled; -EPERM when the new policy has no grant, the old
	 * one had, and !force; -EBUSY while another is under way; -ENOMEM. With an error
	 * nothing was changed. */
	int err;
	struct report report;
	size_t vms, grants;
	const struct toll *toll; /* what was ended, or would be; NULL with an error */
	bool is_guess; /* not all users could be looked up: judged by what was known */
};
typedef void reload_fn(void *arg, const struct reload_result *result);

/* fn is called once, within a bounded time, maybe from within. With is_dry_run
 * nothing is swapped in, and nothing ended. */
void reload_begin(
    struct gateway *gw, bool is_dry_run, bool force, reload_fn *fn, void *arg);
/* SIGHUP: told to the log. */
void reload_on_hup(struct gateway *gw);

/* The daemon ends: so does one that is under way, and changes nothing. */
void reload_end(void);

/* Now and then: what waits for the names helper is asked for again. */
void reload_sweep(struct gateway *gw);

#endif
