/* What a user may reach, told to sallyport-shell: fields, which it lays out. What he
 * may not reach is the same to him whether or not it exists. */
#include "daemon/gate.h"
#include "daemon/shell_requests.h"
#include "policy/vm.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define RIGHTS_MAX 48 /* shown of one VM */
#define WEEK_S     (7 * 86400)

struct shown {
	char right[PROTO_NAME_MAX + 1];
	uint16_t port;
};

/* All that one VM, or the host, has for this user. */
struct offer {
	struct visit *visit;
	const struct conn *conn;
	const char *vm;
	struct shown list[RIGHTS_MAX];
	size_t count;
	time_t ends;   /* the first of the list to end; 0: none does */
	time_t begins; /* the first of the others to begin */
};

/* A midnight is the day before's 24:00. */
static void
format_when(char *text, size_t cap, const char *word, time_t when)
{
	time_t day = when - 1;
	bool is_near = when - time(NULL) < WEEK_S;
	struct tm at, before;
	char date[32];

	text[0] = '\0';
	if (when == 0 || localtime_r(&when, &at) == NULL || localtime_r(&day, &before) == NULL)
		return;
	if (at.tm_hour == 0 && at.tm_min == 0 && strcmp(word, "until") == 0)
		strftime(date, sizeof(date), is_near ? "%a 24:00" : "%Y-%m-%d 24:00", &before);
	else
		strftime(date, sizeof(date), is_near ? "%a %H:%M" : "%Y-%m-%d %H:%M", &at);
	snprintf(text, cap, "%s %s", word, date);
}

static time_t
sooner(time_t a, time_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Adds the right if it is granted now; false when not. */
static bool
add(struct offer *offer, const char *right, uint16_t port)
{
	struct answer answer;
	struct shown *shown = &offer->list[offer->count];

	if (gate_decide(offer->visit->gw, offer->conn, offer->vm, right, &answer) !=
	    VERDICT_ALLOW) {
		offer->begins = sooner(offer->begins, answer.next_change);
		return false;
	}
	offer->ends = sooner(offer->ends, answer.next_change);
	if (offer->count == RIGHTS_MAX)
		return true;
	snprintf(shown->right, sizeof(shown->right), "%s", right);
	shown->port = port;
	offer->count++;
	return true;
}

static void
add_rights_of_vm(struct offer *offer, const struct vm *vm)
{
	char view[PROTO_NAME_MAX + 1];

	for (size_t i = 0; i < vm->endpoint_count; i++) {
		const struct vm_endpoint *endpoint = &vm->endpoints[i];

		if (add(offer, endpoint->right, endpoint->port))
			continue;
		snprintf(view, sizeof(view), "%s:view", endpoint->right);
		if (strcmp(endpoint->right, "spice") == 0 ||
		    strcmp(endpoint->right, "vnc") == 0)
			(void)add(offer, view, endpoint->port);
	}
	if (vm->folder != NULL && !add(offer, "sftp", 0))
		(void)add(offer, "sftp:ro", 0);
}

static void
add_rights_of_host(struct offer *offer)
{
	const struct policy *policy = offer->visit->gw->policy;
	const struct vm_run *run;
	char right[PROTO_NAME_MAX + 1];

	(void)add(offer, "shell", 0);
	for (size_t i = 0; (run = policy_run(policy, i)) != NULL; i++) {
		snprintf(right, sizeof(right), "run:%s", run->name);
		(void)add(offer, right, 0);
	}
}

/* False when the caller has gone. */
static bool
send_offer(const struct offer *offer, const char *title, const struct vm *vm)
{
	struct wire_out *out;
	char when[64], state[96] = "";

	if (offer->count == 0 && offer->begins == 0)
		return true;
	if (offer->count > 0)
		format_when(when, sizeof(when), "until", offer->ends);
	else
		format_when(when, sizeof(when), "from", offer->begins);
	if (vm != NULL)
		shell_seat_state(offer->visit, offer->conn, vm, state, sizeof(state));
	out = door_begin(offer->visit->caller, PROTO_SHELL_VM);
	wire_put_str(out, offer->vm);
	wire_put_str(out, title);
	wire_put_str(out, when);
	wire_put_str(out, state);
	wire_put_u16(out, (uint16_t)offer->count);
	for (size_t i = 0; i < offer->count; i++) {
		wire_put_str(out, offer->list[i].right);
		wire_put_u16(out, offer->list[i].port);
	}
	return door_send(offer->visit->caller, false) == 0;
}

static bool
send_vms(struct visit *visit, const struct conn *conn)
{
	const struct policy *policy = visit->gw->policy;
	static struct offer offer; /* used up within the call */

	for (size_t i = 0; i < policy_vm_count(policy); i++) {
		const struct vm *vm = policy_vm(policy, i);

		offer = (struct offer){.visit = visit, .conn = conn, .vm = vm->name};
		add_rights_of_vm(&offer, vm);
		if (!send_offer(&offer, vm->title, vm))
			return false;
	}
	offer = (struct offer){.visit = visit, .conn = conn, .vm = "host"};
	add_rights_of_host(&offer);
	return send_offer(&offer, "", NULL);
}

static bool
send_header(struct visit *visit, const struct conn *conn)
{
	time_t now = time(NULL);
	struct answer answer;
	struct wire_out *out;
	char when[32] = "";
	struct tm tm;

	if (localtime_r(&now, &tm) != NULL)
		strftime(when, sizeof(when), "%a %H:%M", &tm);
	out = door_begin(visit->caller, PROTO_SHELL_PAGE);
	wire_put_str(out, conn->user);
	wire_put_str(out, conn->public_id);
	wire_put_str(out, when);
	wire_put_u8(
	    out, gate_decide(visit->gw, conn, "host", "shell", &answer) == VERDICT_ALLOW);
	return door_send(visit->caller, false) == 0;
}

/* --- why ----------------------------------------------------------------------- */

/* 1 sent, 0 nothing to say, -1 the caller has gone. */
static int
send_why(struct visit *visit, const struct conn *conn, const char *vm, const char *right,
    bool always)
{
	struct answer answer;
	struct wire_out *out;
	const char *seat;
	char when[64], granted[64];
	bool allowed = gate_decide(visit->gw, conn, vm, right, &answer) == VERDICT_ALLOW;

	if (!allowed && answer.next_change == 0 && !always)
		return 0;
	format_when(when, sizeof(when), allowed ? "until" : "from", answer.next_change);
	seat = allowed ? shell_seat_words(visit, conn, vm, right) : "";
	snprintf(granted, sizeof(granted), "granted%s%s", *seat != '\0' ? "; " : "", seat);
	out = door_begin(visit->caller, PROTO_SHELL_RIGHT);
	wire_put_str(out, vm);
	wire_put_str(out, right);
	wire_put_u8(out, allowed);
	wire_put_str(out, allowed                   ? granted
			  : answer.next_change != 0 ? "not at this time"
						    : "no grant");
	wire_put_str(out, when);
	return door_send(visit->caller, false) == 0 ? 1 : -1;
}

static int
send_why_vm(struct visit *visit, const struct conn *conn, const struct vm *vm)
{
	int n = 0, sent = 0;

	for (size_t i = 0; i < vm->endpoint_count && sent >= 0; i++) {
		sent = send_why(visit, conn, vm->name, vm->endpoints[i].right, false);
		n += sent > 0;
	}
	if (sent >= 0 && vm->folder != NULL) {
		sent = send_why(visit, conn, vm->name, "sftp:ro", false);
		n += sent > 0;
	}
	return sent < 0 ? -1 : n;
}

static int
send_why_host(struct visit *visit, const struct conn *conn)
{
	const struct policy *policy = visit->gw->policy;
	const struct vm_run *run;
	char right[PROTO_NAME_MAX + 1];
	int n, sent = send_why(visit, conn, "host", "shell", false);

	n = sent > 0;
	for (size_t i = 0; sent >= 0 && (run = policy_run(policy, i)) != NULL; i++) {
		snprintf(right, sizeof(right), "run:%s", run->name);
		sent = send_why(visit, conn, "host", right, false);
		n += sent > 0;
	}
	return sent < 0 ? -1 : n;
}

static bool
send_whys(struct visit *visit, const struct conn *conn)
{
	const struct policy *policy = visit->gw->policy;
	const struct vm *vm;
	int n = 0;

	if (visit->right[0] != '\0')
		return send_why(visit, conn, visit->vm, visit->right, true) >= 0;
	if (visit->vm[0] == '\0') {
		for (size_t i = 0; i < policy_vm_count(policy) && n >= 0; i++)
			n = send_why_vm(visit, conn, policy_vm(policy, i));
		return n >= 0 && send_why_host(visit, conn) >= 0;
	}
	vm = policy_vm_find(policy, visit->vm);
	if (strcmp(visit->vm, "host") == 0)
		n = send_why_host(visit, conn);
	else if (vm != NULL)
		n = send_why_vm(visit, conn, vm);
	return n != 0 ? n > 0 : send_why(visit, conn, visit->vm, "", true) >= 0;
}

/* --- the whole text ------------------------------------------------------------- */

static bool
send_rows(struct visit *visit, const struct conn *conn)
{
	switch (visit->ask) {
	case PROTO_ASK_LOGIN:
		return send_header(visit, conn) && send_vms(visit, conn);
	case PROTO_ASK_VMS:
		return send_vms(visit, conn);
	case PROTO_ASK_WHY:
		return send_whys(visit, conn);
	case PROTO_ASK_SEAT:
		return shell_seat(visit, conn);
	case PROTO_ASK_HELP:
	case PROTO_ASK_NOTHING:
	case PROTO_ASK_COMMAND:
	case PROTO_ASK_TRANSFER:
	default:
		return true;
	}
}

void
shell_page(struct visit *visit, struct conn *conn, struct session *session)
{
	const uint8_t both = PROTO_SHELL_STDIN_TTY | PROTO_SHELL_STDOUT_TTY;
	bool stays = visit->ask == PROTO_ASK_LOGIN && (visit->flags & both) == both;
	struct wire_out *out;

	if (!send_rows(visit, conn))
		return;
	out = door_begin(visit->caller, PROTO_SHELL_END);
	wire_put_u8(out, 0);
	wire_put_u8(out, stays);
	if (door_send(visit->caller, !stays) == 0 && stays)
		session_attach(session, visit->caller);
}
