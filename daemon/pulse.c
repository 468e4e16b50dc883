/* READY=1, STATUS=, WATCHDOG=1. */
#include "daemon/pulse.h"

#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/endpoint.h"
#include "daemon/fdstore.h"
#include "daemon/notify.h"
#include "lib/io.h"
#include "lib/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BEAT_MS      500  /* what is taken away is to end within 2 s, this included */
#define START_MS     50   /* until ready */
#define READY_MAX_MS 5000 /* less than TimeoutStartSec= and WatchdogSec= in the unit */

static bool
is_complete(const struct gateway *gw)
{
	return servant_is_up(gw->verify) && servant_is_up(gw->recorder) &&
	       servant_is_up(gw->relay) && servant_is_up(gw->names) &&
	       fdstore_is_settled(gw->fdstore);
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
	static bool is_ready;
	static int64_t born_ms;

	if (born_ms == 0)
		born_ms = io_now_ms();
	if (!is_ready && (is_complete(gw) || io_now_ms() - born_ms >= READY_MAX_MS)) {
		is_ready = true;
		notify_manager("READY=1");
		log_info(
		    is_complete(gw) ? "ready" : "ready, but not complete: `sallyport status`");
	}
	if (is_ready)
		tell_status(gw);
	notify_manager("WATCHDOG=1");
	return is_ready ? BEAT_MS : START_MS;
}
