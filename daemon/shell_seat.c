/* What a user is told of seats: on the page whether one is free, by `seat VM` who has
 * it. Both only of consoles that he may use, now. */
#include "daemon/conns.h"
#include "daemon/consoles.h"
#include "daemon/shell_rows.h"

#include <stdio.h>
#include <string.h>

/* One of a VM's two seats, as this user may have it. */
struct seat {
	enum console_kind kind;
	const char *name;
	struct console_rights rights;
	const struct console *holder;
};

static bool
find_seat(struct seat *seat, const struct visit *visit, const struct conn *conn,
    const struct vm *vm, bool is_serial)
{
	const struct gate_by by = {.policy = visit->gw->policy, .groups = &conn->groups};

	*seat = (struct seat){.name = is_serial ? "serial" : "screen"};
	for (size_t i = 0; i < vm->endpoint_count; i++) {
		const char *right = vm->endpoints[i].right;
		enum console_kind kind = console_kind(right);
		struct console_rights rights;

		if (kind == CONSOLE_NONE || (kind == CONSOLE_SERIAL) != is_serial)
			continue;
		console_rights_find(
		    visit->gw, &by, conn, vm->name, right, CONSOLE_ALL, &rights);
		/* Of spice and vnc, that with which he may do more. */
		if (rights.may > seat->rights.may) {
			seat->kind = kind;
			seat->rights = rights;
		}
	}
	if ((seat->rights.may & SPICE_MAY_SEE) == 0)
		return false;
	seat->holder = consoles_holder(visit->gw->consoles, vm->name, seat->kind);
	return true;
}

static const char *
seat_words(const struct seat *seat, const struct conn *conn)
{
	if (seat->holder == NULL)
		return "seat free";
	return seat->holder->uid == conn->uid ? "your seat" : "seat taken";
}

const char *
shell_seat_words(
    const struct visit *visit, const struct conn *conn, const char *vm_name, const char *right)
{
	const struct vm *vm = policy_vm_find(visit->gw->policy, vm_name);
	enum console_kind kind = console_kind(right);
	struct seat seat;

	if (vm == NULL || kind == CONSOLE_NONE ||
	    !find_seat(&seat, visit, conn, vm, kind == CONSOLE_SERIAL))
		return "";
	return seat_words(&seat, conn);
}

static enum proto_seat
seat_of(const struct console *holder, const struct conn *conn)
{
	if (holder == NULL)
		return PROTO_SEAT_FREE;
	return holder->uid == conn->uid ? PROTO_SEAT_YOURS : PROTO_SEAT_TAKEN;
}

void
shell_seat_put(struct wire_out *out, const struct visit *visit, const struct conn *conn,
    const struct vm *vm, bool is_serial)
{
	const struct console *holder = consoles_holder(
	    visit->gw->consoles, vm->name, is_serial ? CONSOLE_SERIAL : CONSOLE_SPICE);

	wire_put_str(out, is_serial ? "serial" : "screen");
	wire_put_u8(out, (uint8_t)seat_of(holder, conn));
	wire_put_str(out, holder != NULL ? holder->user : "");
	wire_put_u64(out, holder != NULL ? (uint64_t)holder->since : 0);
}

/* --- seat VM ----------------------------------------------------------------------- */

/* When the holder's right to it ends, if nothing changes; 0: never. */
static time_t
ends_of(const struct visit *visit, const struct console *holder)
{
	const struct conn *conn = conns_by_id(visit->gw->conns, holder->conn_id);
	struct answer answer;

	if (conn == NULL ||
	    gate_decide(visit->gw, conn, holder->vm, holder->right, &answer) != VERDICT_ALLOW)
		return 0;
	return answer.next_change;
}

static void
say_who(const struct seat *seat, const struct conn *conn, time_t ends, char *text, size_t cap)
{
	const struct console *holder = seat->holder;
	char since[32] = "", until[64], taken[PROTO_NAME_MAX + 16];
	struct tm tm;

	if (holder == NULL) {
		snprintf(text, cap, "free");
		return;
	}
	snprintf(taken, sizeof(taken), "%s has it", holder->user);
	if (localtime_r(&holder->since, &tm) != NULL)
		strftime(since, sizeof(since), "%a %H:%M", &tm);
	shell_when(until, sizeof(until), "until", ends);
	snprintf(text, cap, "%s since %s%s%s%s",
	    holder->uid == conn->uid ? "you have it" : taken, since,
	    until[0] != '\0' ? ", at most " : "", until,
	    holder->uid == conn->uid
		? holder->conn_id == conn->id ? "" : ", from another connection"
	    : (holder->may & SPICE_MAY_CONTROL) == 0 ? ", to look only"
						     : "");
}

void
shell_seat_who(const struct visit *visit, const struct conn *conn, const char *vm_name,
    const char *right, char *text, size_t cap)
{
	const struct seat seat = {
	    .holder = consoles_holder(visit->gw->consoles, vm_name, console_kind(right))};

	text[0] = '\0';
	if (seat.holder != NULL && seat.holder->uid != conn->uid)
		say_who(&seat, conn, ends_of(visit, seat.holder), text, cap);
}

static const char *
say_what(const struct seat *seat, const struct conn *conn)
{
	const struct console *holder = seat->holder;

	if (holder == NULL)
		return "";
	if (holder->uid == conn->uid)
		return holder->conn_id == conn->id
			   ? ""
			   : "a new viewer of yours takes its place, and closes the other";
	if ((seat->rights.may & SPICE_MAY_CONTROL) == 0)
		return "you may look when it is free";
	if ((holder->may & SPICE_MAY_CONTROL) == 0)
		return "it is yours as soon as you open the console";
	return seat->rights.may_take_over
		   ? "you may take it over: open the console, and the other's is closed"
		   : "";
}

static bool
send_seat(struct visit *visit, const struct conn *conn, const char *vm, const struct seat *seat)
{
	const struct console *holder = seat->holder;
	time_t ends = holder != NULL ? ends_of(visit, holder) : 0;
	struct wire_out *out = door_begin(visit->caller, PROTO_SHELL_SEAT);
	char who[PROTO_NAME_MAX + 160];

	say_who(seat, conn, ends, who, sizeof(who));
	wire_put_str(out, vm);
	wire_put_str(out, seat->name);
	wire_put_u8(out, (uint8_t)seat_of(holder, conn));
	wire_put_str(out, holder != NULL ? holder->user : "");
	wire_put_u64(out, holder != NULL ? (uint64_t)holder->since : 0);
	wire_put_u64(out, (uint64_t)ends);
	wire_put_str(out, who);
	wire_put_str(out, say_what(seat, conn));
	return door_send(visit->caller, false) == 0;
}

bool
shell_seat(struct visit *visit, const struct conn *conn)
{
	const struct vm *vm = policy_vm_find(visit->gw->policy, visit->vm);
	struct wire_out *out;
	struct seat seat;
	size_t n = 0;

	for (int is_serial = 0; vm != NULL && is_serial < 2; is_serial++) {
		if (!find_seat(&seat, visit, conn, vm, is_serial != 0))
			continue;
		n++;
		if (!send_seat(visit, conn, vm->name, &seat))
			return false;
	}
	if (n > 0)
		return true;
	/* The same whether or not there is such a VM. */
	out = door_begin(visit->caller, PROTO_SHELL_RIGHT);
	wire_put_str(out, visit->vm);
	wire_put_str(out, "seat");
	wire_put_u8(out, 0);
	wire_put_str(out, "no grant, or not at this time");
	wire_put_str(out, "");
	wire_put_u64(out, 0);
	wire_put_u64(out, 0);
	return door_send(visit->caller, false) == 0;
}
