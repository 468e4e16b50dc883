/* The life of a channel. */
#include "daemon/channel.h"

#include "daemon/channel_link.h"
#include "daemon/channel_policy.h"
#include "daemon/channel_record.h"
#include "daemon/channel_relay.h"
#include "daemon/channel_tell.h"
#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/consoles.h"
#include "daemon/denial.h"
#include "daemon/dial.h"
#include "daemon/gate.h"
#include "daemon/kept_channels.h"
#include "daemon/links.h"
#include "daemon/shell_channel.h"
#include "daemon/stranger.h"
#include "lib/io.h"

#include <stdio.h>
#include <stdlib.h>

/* Of a console, only its first channel speaks: a viewer opens nine in one moment. */
static bool
is_first(const struct channel *ch)
{
	return ch->console == NULL || ch->console->id == ch->id;
}

void
channel_deny(struct channel *ch, const char *reason, uint8_t link_error)
{
	const struct conn *conn = conns_by_id(ch->gw->conns, ch->conn_id);

	if (!ch->is_denied) {
		if (conn != NULL)
			channel_record_deny(ch, conn, reason);
		channel_tell(ch, shell_channel_reason(ch, reason));
	}
	if (ch->is_greeted)
		channel_relay_refuse(ch, link_error);
	shell_channel_end(ch, reason);
	consoles_ended(ch, reason, 0, 0);
	channels_drop(ch);
}

void
channel_ended(struct channel *ch, const char *reason, uint64_t up, uint64_t down)
{
	/* Of a console all is told at its own end; here, that it loses a part. */
	if (ch->console == NULL || (!is_first(ch) && ch->end_reason[0] != '\0'))
		channel_tell_end(ch, reason, up, down);
	shell_channel_end(ch, reason);
	if (ch->console == NULL)
		channel_record_close(ch, reason, up, down);
	else
		consoles_ended(ch, reason, up, down);
	channels_drop(ch);
}

static void
hand_over(struct channel *ch)
{
	if (channel_relay_start(ch) < 0) {
		channel_ended(ch, "the relay is down", 0, 0);
		return;
	}
	io_close(&ch->client_fd);
	io_close(&ch->vm_fd);
	ch->state = CHANNEL_RELAYED;
	consoles_begun(ch);
	if (is_first(ch))
		channel_tell(ch, ch->type != 0 ? "opened (main)" : "opened");
	else
		channel_record_join(ch);
	shell_channel_begin(ch);
}

/* The last look: on record, and may it still be? */
static void
begin(struct channel *ch)
{
	const char *reason = ch->end_reason[0] != '\0' ? ch->end_reason : consoles_object(ch);

	if (reason == NULL)
		reason = channel_policy_judge(ch);
	if (reason == NULL) {
		hand_over(ch);
		return;
	}
	if (ch->is_greeted)
		channel_relay_refuse(ch, LINK_PERMISSION_DENIED);
	channel_ended(ch, reason, 0, 0);
}

/* The channel may be gone when an answer comes. */
struct ticket {
	struct channels *channels;
	uint32_t id;
};

static void
on_recorded(void *arg, int error)
{
	struct ticket ticket = *(struct ticket *)arg;
	struct channel *ch = channels_by_id(ticket.channels, ticket.id);

	free(arg);
	if (ch == NULL)
		return;
	if (error < 0) {
		kept_channels_drop(ch->gw->kept, ch->id);
		channel_deny(ch, "the record cannot be written", LINK_ERROR);
		return;
	}
	consoles_recorded(ch);
	begin(ch);
}

static void
record_open(struct channel *ch, const struct conn *conn)
{
	struct ticket *ticket = calloc(1, sizeof(*ticket));

	if (ticket == NULL) {
		channel_deny(ch, "no memory", LINK_ERROR);
		return;
	}
	*ticket = (struct ticket){.channels = ch->gw->channels, .id = ch->id};
	if (channel_record_open(ch, conn, on_recorded, ticket) < 0) {
		free(ticket);
		channel_deny(ch, "the record cannot be written", LINK_ERROR);
	}
}

static void
on_dialed(void *arg, int fd, const char *reason)
{
	struct channel *ch = arg;
	const struct conn *conn = conns_by_id(ch->gw->conns, ch->conn_id);

	ch->dial = NULL;
	ch->vm_fd = fd;
	if (fd < 0 || conn == NULL) {
		channel_deny(
		    ch, conn == NULL ? "the connection has ended" : reason, LINK_ERROR);
		return;
	}
	ch->opened_ms = io_now_ms();
	if (!is_first(ch)) { /* its console is on record */
		begin(ch);
		return;
	}
	ch->state = CHANNEL_RECORDING;
	record_open(ch, conn);
}

void
channel_connect(struct channel *ch)
{
	ch->state = CHANNEL_DIALING;
	if (dial_start(&ch->dial, ch->gw, &ch->target, ch->right, on_dialed, ch) < 0)
		channel_deny(ch, "no memory or no descriptor", LINK_ERROR);
}

/* Why there may be no further channel of this user's just now, whatever he may. */
static const char *
object(struct gateway *gw, const struct conn *conn, const char *right)
{
	const struct settings *settings = gateway_settings(gw);
	const char *reason;

	if (channels_count_uid(gw->channels, conn->uid) >= settings->max_channels)
		return "too many channels at once (max_channels)";
	reason = channel_link_object(gw, conn->uid, right);
	if (reason == NULL &&
	    !links_take(gw->opens, conn->uid, settings->opens_per_s, io_now_ms()))
		reason = "too many channels in a short time (opens_per_s)";
	return reason;
}

void
channel_open(struct gateway *gw, int fd, struct conn *conn, const char *vm, const char *right,
    struct shell_channel *shell)
{
	const char *reason = object(gw, conn, right);
	struct channel *ch = reason == NULL ? channels_add(gw, fd, conn, vm, right) : NULL;

	if (ch == NULL) {
		reason = reason != NULL ? reason : "no memory";
		stranger_close(&fd);
		denial_record(gw->audit, conn, vm, right, NULL, reason);
		shell_channel_refuse(shell, reason);
		return;
	}
	shell_channel_is(shell, ch);
	reason = gate_is_stale(gw, conn)
		     ? "the user's groups could not be read anew for too long"
		     : channel_policy_judge(ch);
	if (console_kind(right) != CONSOLE_NONE)
		channel_link_open(ch, conn, reason);
	else if (reason != NULL)
		channel_deny(ch, reason, 0);
	else
		channel_connect(ch);
}

static void
keep_reason(struct channel *ch, const char *reason)
{
	if (ch->end_reason[0] == '\0')
		snprintf(ch->end_reason, sizeof(ch->end_reason), "%s", reason);
}

void
channel_end(struct channel *ch, const char *reason)
{
	switch (ch->state) {
	case CHANNEL_GREETING:
	case CHANNEL_SEATING:
	case CHANNEL_DIALING:
		keep_reason(ch, reason);
		channel_deny(ch, reason, LINK_PERMISSION_DENIED);
		break;
	case CHANNEL_RECORDING:
		keep_reason(ch, reason);
		break;
	case CHANNEL_RELAYED:
		channel_relay_stop(ch);
		ch->state = CHANNEL_STOPPING;
		keep_reason(ch, reason);
		break;
	case CHANNEL_STOPPING:
	default:
		break;
	}
}
