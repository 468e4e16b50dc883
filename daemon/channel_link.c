/* From the accept to the seat. */
#include "daemon/channel_link.h"

#include "daemon/channel_policy.h"
#include "daemon/channel_relay.h"
#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/consoles.h"
#include "daemon/denial.h"
#include "daemon/links.h"
#include "daemon/sessions.h"
#include "daemon/shell_channel.h"
#include "lib/io.h"

#include <stdio.h>
#include <string.h>

const char *
channel_link_object(struct gateway *gw, uid_t uid, const char *right)
{
	const struct settings *settings = gateway_settings(gw);
	enum console_kind kind = console_kind(right);

	if (kind == CONSOLE_NONE)
		return NULL;
	if (kind == CONSOLE_SPICE &&
	    channels_count_greeting(gw->channels, uid) >= settings->max_greetings)
		return "too many links at once that say nothing (max_greetings)";
	if (!links_take(gw->links, uid, settings->links_per_s, io_now_ms()))
		return "too many links to consoles in a short time (links_per_s)";
	return NULL;
}

/* The first channel of a console: has it the seat, or will it have it? */
static void
ask_for_seat(struct channel *ch, const struct conn *conn)
{
	const struct gate_by by = {.policy = ch->gw->policy, .groups = &conn->groups};
	struct console_rights rights;
	struct console *console;
	const char *why;

	console_rights_find(ch->gw, &by, conn, ch->vm, ch->right, CONSOLE_ALL, &rights);
	memcpy(ch->line, rights.answer.line, sizeof(ch->line));
	if ((rights.may & SPICE_MAY_SEE) == 0) {
		channel_deny(ch, rights.answer.reason, LINK_PERMISSION_DENIED);
		return;
	}
	ch->granted = rights.word;
	ch->may = rights.may;
	ch->needs = rights.may & CONSOLE_MAIN_NEEDS;
	console = consoles_seat(ch, conn, &rights, &why);
	if (console == NULL)
		channel_deny(ch, why, LINK_PERMISSION_DENIED);
	else if (console->state == CONSOLE_TAKING)
		channel_connect(ch);
	else
		ch->state = CHANNEL_SEATING;
}

/* One more channel of a session that this very connection has. */
static void
ask_to_join(struct channel *ch, const struct conn *conn, uint32_t connection_id)
{
	const struct spice_kind *kind = spice_kind_find(ch->type);
	const struct gate_by by = {.policy = ch->gw->policy, .groups = &conn->groups};
	struct console *console =
	    consoles_find(ch->gw->consoles, conn->id, ch->vm, connection_id);
	struct console_rights rights;
	char why[128];

	if (console == NULL) {
		channel_deny(
		    ch, "the session is not one of this connection's", LINK_BAD_CONNECTION_ID);
		return;
	}
	if (kind == NULL) {
		channel_deny(ch, "no such kind of channel", LINK_NOT_AVAILABLE);
		return;
	}
	console_rights_find(ch->gw, &by, conn, ch->vm, ch->right, kind->needs, &rights);
	if ((kind->needs & console->may & rights.may) == 0) {
		snprintf(why, sizeof(why), "%s needs the right %s", kind->name, kind->word);
		channel_deny(ch, why, LINK_PERMISSION_DENIED);
		return;
	}
	if (!console_take(console, ch->type, ch->type_id)) {
		channel_deny(ch, "this channel was opened already", LINK_NOT_AVAILABLE);
		return;
	}
	ch->granted = console->right;
	ch->may = console->may & rights.may;
	ch->needs = kind->needs;
	consoles_join(console, ch);
	channel_connect(ch);
}

/* He is told in SPICE's words, which the relay can say once it has the greeting. */
static void
deny_first(struct channel *ch, const struct conn *conn, const char *reason)
{
	denial_record(ch->gw->audit, conn, ch->vm, ch->right, ch->line, reason);
	sessions_tell(ch->gw->sessions, ch->conn_id, ch->vm, ch->right, reason);
	ch->is_denied = true;
}

void
channel_link_open(struct channel *ch, struct conn *conn, const char *reason)
{
	/* A shell is told in words of ours, before it has anything to greet. */
	if (console_kind(ch->right) != CONSOLE_SPICE || (reason != NULL && ch->shell != NULL)) {
		if (reason != NULL)
			channel_deny(ch, reason, LINK_PERMISSION_DENIED);
		else
			ask_for_seat(ch, conn);
		return;
	}
	if (reason != NULL)
		deny_first(ch, conn, reason);
	ch->state = CHANNEL_GREETING;
	if (channel_relay_greet(ch) == 0) {
		ch->is_greeted = true;
		io_close(&ch->client_fd);
		shell_channel_begin(ch);
	} else {
		channel_deny(ch, "the relay is down", LINK_ERROR);
	}
}

void
channel_link_greeted(
    struct channel *ch, uint8_t error, uint8_t type, uint8_t id, uint32_t connection_id)
{
	const struct conn *conn = conns_by_id(ch->gw->conns, ch->conn_id);
	const char *reason;
	char why[64];

	if (ch->state != CHANNEL_GREETING)
		return;
	ch->state = CHANNEL_DIALING;
	ch->type = type;
	ch->type_id = id;
	if (error != 0) {
		snprintf(why, sizeof(why), "no SPICE greeting (link error %u)", error);
		channel_deny(ch, why, error);
		return;
	}
	reason = channel_policy_judge(ch); /* the conversation may have taken a while */
	if (reason != NULL || ch->is_denied)
		channel_deny(ch, reason, LINK_PERMISSION_DENIED);
	else if (type != SPICE_MAIN)
		ask_to_join(ch, conn, connection_id);
	else if (connection_id != 0)
		channel_deny(ch, "a main channel on another's session", LINK_BAD_CONNECTION_ID);
	else
		ask_for_seat(ch, conn);
}
