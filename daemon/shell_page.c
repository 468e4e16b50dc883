/* The texts for users, told to sallyport-shell row by row: as many as a slice of time
 * allows, and the next when the loop has had its turn. */
#include "daemon/conns.h"
#include "daemon/gate.h"
#include "daemon/shell_rows.h"

#include "lib/io.h"
#include "lib/num.h"

#include <string.h>

#define SLICE_MS 2
#define SSH_PORT 22

/* ssh_name, "gw.example.org:2222", as a name and a port. */
static void
put_ssh_name(struct wire_out *out, const char *ssh_name)
{
	const char *colon = strchr(ssh_name, ':');
	size_t len = colon != NULL ? (size_t)(colon - ssh_name) : strlen(ssh_name);
	uint64_t port = SSH_PORT;

	if (colon != NULL && num_parse(colon + 1, 1, UINT16_MAX, &port) < 0)
		port = SSH_PORT;
	wire_put_bytes(out, ssh_name, len);
	wire_put_u16(out, (uint16_t)port);
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
	wire_put_u64(out, (uint64_t)now);
	put_ssh_name(out, gateway_settings(visit->gw)->ssh_name);
	wire_put_u8(
	    out, gate_decide(visit->gw, conn, "host", "shell", &answer) == VERDICT_ALLOW);
	return door_send(visit->caller, false) == 0;
}

static bool
send_row(struct visit *visit, const struct conn *conn, const struct vm *vm)
{
	return visit->ask == PROTO_ASK_WHY ? shell_why_vm(visit, conn, vm, &visit->rows.sent)
					   : shell_offer(visit, conn, vm, &visit->rows.sent);
}

static void
finish(struct visit *visit, uint8_t status)
{
	const uint8_t both = PROTO_SHELL_STDIN_TTY | PROTO_SHELL_STDOUT_TTY;
	bool stays = visit->ask == PROTO_ASK_LOGIN && (visit->flags & both) == both;
	struct caller *caller = visit->caller;
	uint32_t session = visit->rows.session;
	struct wire_out *out = door_begin(caller, PROTO_SHELL_END);

	wire_put_u8(out, status);
	wire_put_u8(out, stays);
	if (door_send(caller, !stays) == 0 && stays &&
	    !session_attach(caller->gw->sessions, session, caller))
		door_close(caller);
}

/* Everything there is, from row next on; the host comes last. */
static void
go_on(struct caller *caller)
{
	struct visit *visit = caller->visit;
	const struct gateway *gw = caller->gw;
	const struct conn *conn = conns_by_id(gw->conns, visit->conn_id);
	int64_t began_ms = io_now_ms();
	size_t *next = &visit->rows.next;

	if (conn == NULL) {
		door_close(caller);
		return;
	}
	if (visit->rows.generation != gw->generation) {
		(void)door_begin(caller, PROTO_SHELL_AFRESH);
		if (door_send(caller, false) < 0)
			return;
		visit->rows.generation = gw->generation;
		*next = 0;
	}
	for (; *next <= policy_vm_count(gw->policy); (*next)++) {
		if (!door_is_clear(caller) || io_now_ms() - began_ms >= SLICE_MS) {
			door_go_on(caller, go_on);
			return;
		}
		if (!send_row(visit, conn,
			*next < policy_vm_count(gw->policy) ? policy_vm(gw->policy, *next)
							    : NULL))
			return;
	}
	finish(visit, 0);
}

/* One VM's rows, or what is said in their place: nothing tells one that is there from one
 * that is not. False when the caller has gone. */
static bool
send_one(struct visit *visit, const struct conn *conn)
{
	const struct vm *vm = policy_vm_find(visit->gw->policy, visit->vm);
	bool is_there = vm != NULL || strcmp(visit->vm, "host") == 0;

	if (visit->right[0] != '\0')
		return shell_why(visit, conn, visit->vm, visit->right);
	if (is_there && !send_row(visit, conn, vm))
		return false;
	return visit->ask != PROTO_ASK_WHY || visit->rows.sent > 0 ||
	       shell_why(visit, conn, visit->vm, "");
}

void
shell_page(struct visit *visit, struct conn *conn, struct session *session)
{
	enum proto_ask ask = visit->ask;
	struct caller *caller = visit->caller;

	visit->rows.session = session_id(session);
	visit->rows.generation = visit->gw->generation;
	if (ask == PROTO_ASK_SEAT ? !shell_seat(visit, conn)
				  : ask != PROTO_ASK_WHY && !send_header(visit, conn))
		return;
	if (ask == PROTO_ASK_SEAT || ask == PROTO_ASK_HELP)
		finish(visit, 0);
	else if (visit->vm[0] == '\0')
		go_on(caller);
	else if (send_one(visit, conn))
		finish(
		    visit, ask == PROTO_ASK_VMS && visit->rows.sent == 0 ? SHELL_EX_DENIED : 0);
}
