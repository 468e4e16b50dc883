/* The doors' opening, READY=1, STATUS=, WATCHDOG=1. */
#include "daemon/pulse.h"

#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/door.h"
#include "daemon/endpoint.h"
#include "daemon/fdstore.h"
#include "daemon/fixed_names.h"
#include "daemon/notify.h"
#include "daemon/recheck.h"
#include "lib/io.h"
#include "lib/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BEAT_MS      500  /* what is taken away is to end within 2 s, this included */
#define START_MS     20   /* until ready */
#define ADMIT_MAX_MS 1500 /* less than PAM's module and sallyport-shell wait */
#define READY_MAX_MS 5000 /* less than TimeoutStartSec= and WatchdogSec= in the unit */

/* Can it be decided who gets in, and done, and put on record? */
static bool
is_able(const struct gateway *gw)
{
	return servant_is_up(gw->verify) && servant_is_up(gw->recorder) &&
	       servant_is_up(gw->relay) && servant_is_up(gw->names) &&
	       !fixed_names_are_awaited(gw) && !recheck_is_running();
}

/* Who comes in the first moments waits in the backlog, rather than be refused for what
 * a moment later is there; but not for long. */
static bool
admit(const struct gateway *gw, int64_t age_ms)
{
	if (!is_able(gw) && age_ms < ADMIT_MAX_MS)
		return false;
	endpoints_admit(gw->endpoints);
	return doors_admit(gw->doors);
}

static void
tell_ready(const struct gateway *gw)
{
	bool is_complete = is_able(gw) && fdstore_is_settled(gw->fdstore);

	notify_manager("READY=1");
	log_info(is_complete ? "ready" : "ready, but not complete: `sallyport status`");
}

/* The line in `systemctl status`; told when it has changed. */
static void
tell_status(const struct gateway *gw)
{
	static char told[256];
	const char *disorder = gateway_disorder(gw);
	struct endpoint_count count;
	char text[256];

	endpoints_count(gw->endpoints, &count);
	snprintf(text, sizeof(text),
	    "STATUS=%zu of %zu endpoints listen, %zu connections, %zu channels; OTPs %s%s",
	    count.open, count.wanted, conns_count(gw->conns), channels_count(gw->channels),
	    disorder == NULL ? "can be verified" : "cannot be verified: ",
	    disorder == NULL ? "" : disorder);
	if (strcmp(text, told) == 0)
		return;
	notify_manager(text);
	snprintf(told, sizeof(told), "%s", text);
}

uint32_t
pulse_beat(const struct gateway *gw)
{
	static bool is_admitting, is_ready;
	static int64_t born_ms;
	int64_t age_ms;

	if (born_ms == 0)
		born_ms = io_now_ms();
	age_ms = io_now_ms() - born_ms;
	if (!is_admitting)
		is_admitting = admit(gw, age_ms);
	if (!is_ready && ((is_admitting && is_able(gw) && fdstore_is_settled(gw->fdstore)) ||
			     age_ms >= READY_MAX_MS)) {
		is_ready = true;
		tell_ready(gw);
	}
	if (is_ready)
		tell_status(gw);
	notify_manager("WATCHDOG=1");
	return is_ready ? BEAT_MS : START_MS;
}
