/* list channels, list seats: what passes, and who sits where. */
#include "daemon/admin_requests.h"
#include "daemon/channels.h"
#include "daemon/consoles.h"
#include "daemon/counts.h"
#include "daemon/row.h"
#include "daemon/sessions.h"
#include "daemon/transfer.h"
#include "lib/io.h"
#include "policy/vm.h"

#include <stdio.h>
#include <stdlib.h>

#define EX_TEMP 75

static void
put_kind(struct row *row, const struct channel *ch)
{
	const struct spice_kind *kind = spice_kind_find(ch->type);

	if (kind != NULL)
		row_format(row, "channel", "%s:%u", kind->name, ch->type_id);
	else
		row_text(row, "channel", "");
}

static bool
send_channel(struct caller *caller, const struct channel *ch)
{
	static const char *const states[] = {[CHANNEL_DIALING] = "connecting",
	    [CHANNEL_RECORDING] = "recording",
	    [CHANNEL_RELAYED] = "open",
	    [CHANNEL_STOPPING] = "ending",
	    [CHANNEL_GREETING] = "greeting",
	    [CHANNEL_SEATING] = "waiting"};
	struct row row;

	row_begin(&row, caller);
	row_format(&row, "id", "ch%u", ch->id);
	row_format(&row, "conn", "c%u", ch->conn_id);
	row_text(&row, "user", ch->user);
	row_text(&row, "vm", ch->vm);
	row_text(&row, "right", ch->granted != NULL ? ch->granted : ch->right);
	put_kind(&row, ch);
	row_text(&row, "state", states[ch->state]);
	row_format(&row, "up", "%llu", (unsigned long long)ch->up);
	row_format(&row, "down", "%llu", (unsigned long long)ch->down);
	row_time(&row, "since", ch->since);
	return row_send(&row);
}

/* The columns of a channel; what goes which way only its own process knows. */
static bool
send_transfer(
    struct caller *caller, const struct session *session, const struct session_row *of)
{
	char vms[PROTO_NAME_MAX + 1];
	struct row row;

	transfer_names(session_transfer(session), vms, sizeof(vms));
	row_begin(&row, caller);
	row_format(&row, "id", "s%u", of->id);
	row_format(&row, "conn", "c%u", of->conn_id);
	row_text(&row, "user", of->user);
	row_text(&row, "vm", vms);
	row_text(&row, "right", transfer_right(session_transfer(session)));
	row_text(&row, "channel", "");
	row_text(&row, "state", of->is_ending ? "ending" : "open");
	row_text(&row, "up", "");
	row_text(&row, "down", "");
	row_time(&row, "since", of->since);
	return row_send(&row);
}

static bool
send_transfers(struct caller *caller)
{
	const struct session *session = NULL;
	struct session_row row;

	while ((session = sessions_next_transfer(caller->gw->sessions, session, &row)) != NULL)
		if (!send_transfer(caller, session, &row))
			return false;
	return true;
}

/* False when the caller has gone. */
static bool
send_channels(struct caller *caller)
{
	const struct channel *ch = NULL;

	while ((ch = channels_next(caller->gw->channels, ch)) != NULL)
		if (!send_channel(caller, ch))
			return false;
	return send_transfers(caller);
}

static bool
send_seat(struct caller *caller, const char *vm, const char *seat, enum console_kind kind)
{
	static const char *const states[] = {[CONSOLE_WAITING] = "waiting",
	    [CONSOLE_TAKING] = "connecting",
	    [CONSOLE_LIVE] = "taken",
	    [CONSOLE_LEAVING] = "free"};
	const struct console *holder = consoles_holder(caller->gw->consoles, vm, kind);
	struct row row;

	row_begin(&row, caller);
	row_text(&row, "vm", vm);
	row_text(&row, "seat", seat);
	row_text(&row, "state", holder != NULL ? states[holder->state] : "free");
	row_text(&row, "user", holder != NULL ? holder->user : "");
	row_text(&row, "right", holder != NULL ? holder->right : "");
	if (holder != NULL) {
		row_format(&row, "id", "ch%u", holder->id);
		row_format(&row, "conn", "c%u", holder->conn_id);
		row_format(&row, "channels", "%zu", holder->channels);
	} else {
		row_text(&row, "id", "");
		row_text(&row, "conn", "");
		row_text(&row, "channels", "");
	}
	row_time(&row, "since", holder != NULL ? holder->since : 0);
	if (holder != NULL && holder->state == CONSOLE_LIVE)
		row_format(
		    &row, "idle", "%llds", (long long)((io_now_ms() - holder->used_ms) / 1000));
	else
		row_text(&row, "idle", "");
	return row_send(&row);
}

static bool
send_seats(struct caller *caller)
{
	const struct policy *policy = caller->gw->policy;

	for (size_t i = 0; i < policy_vm_count(policy); i++) {
		const struct vm *vm = policy_vm(policy, i);
		bool has_screen = false, has_serial = false;

		for (size_t j = 0; j < vm->endpoint_count; j++) {
			enum console_kind kind = console_kind(vm->endpoints[j].right);
			has_serial = has_serial || kind == CONSOLE_SERIAL;
			has_screen = has_screen || kind == CONSOLE_SPICE || kind == CONSOLE_VNC;
		}
		if (has_screen && !send_seat(caller, vm->name, "screen", CONSOLE_SPICE))
			return false;
		if (has_serial && !send_seat(caller, vm->name, "serial", CONSOLE_SERIAL))
			return false;
	}
	return true;
}

/* --- the answer waits for the relay's counts ---------------------------------------- */

struct wish {
	struct caller *caller; /* NULL when he has gone */
	struct consoles *consoles;
	bool (*send)(struct caller *caller);
};

static void
on_counted(void *arg)
{
	struct wish wish = *(struct wish *)arg;

	free(arg);
	consoles_look(wish.consoles);
	if (wish.caller == NULL)
		return;
	door_hold(wish.caller, NULL);
	if (wish.send(wish.caller))
		row_end(wish.caller, 0, "");
}

/* Always false: the answer comes from on_counted. */
static bool
send_counted(struct caller *caller, bool (*send)(struct caller *caller))
{
	struct wish *wish = calloc(1, sizeof(*wish));

	if (wish == NULL || counts_ask(caller->gw->counts, on_counted, wish) < 0) {
		free(wish);
		row_end(caller, EX_TEMP, "no memory");
		return false;
	}
	*wish = (struct wish){caller, caller->gw->consoles, send};
	door_hold(caller, &wish->caller);
	return false;
}

bool
admin_list_channels(struct caller *caller)
{
	return send_counted(caller, send_channels);
}

bool
admin_list_seats(struct caller *caller)
{
	return send_counted(caller, send_seats);
}

void
admin_put_consoles(const struct gateway *gw, struct row *row)
{
	const struct settings *settings = gateway_settings(gw);
	const struct console *console = NULL;
	const struct channel *ch = NULL;
	size_t taken = 0, half_open = 0;

	while ((console = consoles_next(gw->consoles, console)) != NULL)
		taken += console->state != CONSOLE_LEAVING;
	while ((ch = channels_next(gw->channels, ch)) != NULL)
		half_open += ch->state == CHANNEL_GREETING;
	row_format(row, "consoles",
	    "%zu seats taken, %zu links half open (at most %u a user, and %u new a second)",
	    taken, half_open, settings->max_greetings, settings->links_per_s);
}
