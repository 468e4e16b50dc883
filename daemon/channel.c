/* The life of a channel. */
#include "daemon/channel.h"

#include "daemon/channel_policy.h"
#include "daemon/channel_record.h"
#include "daemon/channel_relay.h"
#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/denial.h"
#include "daemon/dial.h"
#include "daemon/gate.h"
#include "daemon/session.h"
#include "daemon/stranger.h"
#include "lib/io.h"

#include <stdio.h>
#include <stdlib.h>

/* Before the relay has it: closed, and on record as denied. */
static void
deny(struct channel *ch, const char *reason)
{
	const struct conn *conn = conns_by_id(ch->gw->conns, ch->conn_id);

	if (conn != NULL)
		denial_record(ch->gw->audit, conn, ch->vm, ch->right, ch->line, reason);
	sessions_tell(ch->gw->sessions, ch->conn_id, ch->vm, ch->right, reason);
	channels_drop(ch);
}

void
channel_ended(struct channel *ch, const char *reason, uint64_t up, uint64_t down)
{
	sessions_tell(ch->gw->sessions, ch->conn_id, ch->vm, ch->right, reason);
	channel_record_close(ch, reason, up, down);
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
	sessions_tell(ch->gw->sessions, ch->conn_id, ch->vm, ch->right, "opened");
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
	const char *reason;

	free(arg);
	if (ch == NULL)
		return;
	if (error < 0) {
		deny(ch, "the record cannot be written");
		return;
	}
	reason = ch->end_reason[0] != '\0' ? ch->end_reason : channel_policy_judge(ch);
	if (reason == NULL)
		hand_over(ch);
	else
		channel_ended(ch, reason, 0, 0);
}

static void
record_open(struct channel *ch, const struct conn *conn)
{
	struct ticket *ticket = calloc(1, sizeof(*ticket));

	if (ticket == NULL) {
		deny(ch, "no memory");
		return;
	}
	*ticket = (struct ticket){.channels = ch->gw->channels, .id = ch->id};
	ch->opened_ms = io_now_ms();
	if (channel_record_open(ch, conn, on_recorded, ticket) < 0) {
		free(ticket);
		deny(ch, "the record cannot be written");
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
		deny(ch, conn == NULL ? "the connection has ended" : reason);
		return;
	}
	ch->state = CHANNEL_RECORDING;
	record_open(ch, conn);
}

void
channel_open(struct gateway *gw, int fd, struct conn *conn, const char *vm, const char *right)
{
	bool is_full =
	    channels_count_uid(gw->channels, conn->uid) >= gateway_settings(gw)->max_channels;
	struct channel *ch = is_full ? NULL : channels_add(gw, fd, conn, vm, right);
	const char *reason;

	if (ch == NULL) {
		stranger_close(&fd);
		denial_record(gw->audit, conn, vm, right, NULL,
		    is_full ? "too many channels at once (max_channels)" : "no memory");
		return;
	}
	reason = gate_is_stale(gw, conn)
		     ? "the user's groups could not be read anew for too long"
		     : channel_policy_judge(ch);
	if (reason == NULL) {
		ch->dial = dial_start(gw, &ch->target, ch->right, on_dialed, ch);
		if (ch->dial == NULL)
			reason = "no memory or no descriptor";
	}
	if (reason != NULL)
		deny(ch, reason);
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
	case CHANNEL_DIALING:
		deny(ch, reason);
		break;
	case CHANNEL_RECORDING:
		keep_reason(ch, reason);
		break;
	case CHANNEL_RELAYED:
		if (channel_relay_stop(ch) < 0) {
			ch->judged = ch->gw->generation - 1; /* again in a second */
			break;
		}
		ch->state = CHANNEL_STOPPING;
		keep_reason(ch, reason);
		break;
	case CHANNEL_STOPPING:
	default:
		break;
	}
}
