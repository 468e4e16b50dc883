/* What was asked for, decided, put on record, and answered with a plan. */
#include "daemon/conns.h"
#include "daemon/gate.h"
#include "daemon/shell_channel.h"
#include "daemon/shell_requests.h"
#include "daemon/transfer.h"
#include "policy/settings_user.h"
#include "policy/vm.h"

#include "lib/io.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ASKS_PER_S 100 /* of one connection: each costs a record */

static const char come_back[] =
    "This gateway cannot keep its records now: no access. Please tell its administrators.";

static enum verdict
may(const struct visit *visit, const struct conn *conn, const char *right)
{
	struct answer answer;

	return gate_decide(visit->gw, conn, "host", right, &answer);
}

static const struct vm_run *
run_of(const struct visit *visit)
{
	if (visit->command_len != strlen(visit->command))
		return NULL;
	return policy_run_find(visit->gw->policy, visit->command);
}

/* False when the caller has gone, and visit with it. */
static bool
send_plan(struct visit *visit, const struct conn *conn)
{
	struct gateway *gw = visit->gw;
	const struct vm_run *run = visit->plan == PROTO_PLAN_RUN ? run_of(visit) : NULL;
	struct wire_out *out = door_begin(visit->caller, PROTO_SHELL_PLAN);
	size_t n = 0;

	while (run != NULL && run->words[n] != NULL)
		n++;
	wire_put_u8(out, (uint8_t)visit->plan);
	wire_put_str(out, conn->user);
	wire_put_str(out, conn->home);
	wire_put_str(out, settings_user_shell(gateway_settings(gw), conn->user, conn->shell));
	wire_put_u16(out, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		wire_put_str(out, run->words[i]);
	return door_send(visit->caller, true) == 0;
}

/* Its process stays as a caller: while it transfers, it is told when to end. */
static void
send_files(struct visit *visit, const struct conn *conn, struct session *session)
{
	struct caller *caller = visit->caller;

	if (!shell_transfer_rows(visit, session))
		return;
	(void)session_attach(visit->gw->sessions, session_id(session), caller);
	if (send_plan(visit, conn))
		door_rest(caller);
}

static void
on_open(void *arg, int error, struct session *session)
{
	struct visit *visit = arg;
	struct conn *conn = conns_by_id(visit->gw->conns, visit->conn_id);

	if (!visit_resume(visit))
		return;
	if (error < 0 || conn == NULL)
		shell_refuse(visit->caller, conn, SHELL_EX_LATER, "",
		    error == -EPERM ? "no longer allowed" : "the record cannot be written",
		    error == -EPERM ? "That is no longer open to you." : come_back);
	else if (visit->plan == PROTO_PLAN_NOTHING)
		shell_page(visit, conn, session);
	else if (visit->plan == PROTO_PLAN_FILES)
		send_files(visit, conn, session);
	else
		(void)send_plan(visit, conn);
}

/* transfer is taken over, or NULL. */
static void
open_with(struct visit *visit, struct conn *conn, const char *what, const char *right,
    struct transfer *transfer)
{
	const struct session_spec spec = {.conn = conn,
	    .pid = visit->caller->pid,
	    .pidfd = visit->caller->pidfd,
	    .what = what,
	    .right = right,
	    .command = visit->command,
	    .transfer = transfer};
	int err = session_open(visit->gw->sessions, &spec, on_open, visit);

	if (err == -EUSERS)
		shell_refuse(visit->caller, conn, SHELL_EX_LATER, right,
		    "too many sessions at once (max_sessions)",
		    "You have too many sessions open. Please close one.");
	else if (err < 0)
		shell_refuse(visit->caller, conn, SHELL_EX_LATER, right,
		    "the record cannot be written", come_back);
	else
		visit->is_busy = true;
}

static void
open_session(struct visit *visit, struct conn *conn, const char *what, const char *right)
{
	open_with(visit, conn, what, right, NULL);
}

static void
refuse_command(struct visit *visit, const struct conn *conn)
{
	bool is_transfer = visit->ask == PROTO_ASK_TRANSFER;

	shell_refuse(visit->caller, conn, SHELL_EX_DENIED, is_transfer ? "sftp" : "shell",
	    "no grant",
	    is_transfer ? "File transfer is not open to you on this gateway."
			: "That command is not open to you on this gateway. What is: ssh "
			  "GATEWAY vms");
}

/* The user's own folders' files, confined to them. */
static void
decide_transfer(struct visit *visit, struct conn *conn)
{
	struct transfer *transfer = transfer_new(visit->gw, conn);

	if (transfer == NULL) {
		refuse_command(visit, conn);
		return;
	}
	visit->plan = PROTO_PLAN_FILES;
	open_with(visit, conn, transfer_right(transfer), "", transfer);
}

static void
decide_command(struct visit *visit, struct conn *conn)
{
	const struct vm_run *run = run_of(visit);
	char right[PROTO_NAME_MAX + 1];

	if (run != NULL) {
		snprintf(right, sizeof(right), "run:%s", run->name);
		if (may(visit, conn, right) == VERDICT_ALLOW) {
			visit->plan = PROTO_PLAN_RUN;
			open_session(visit, conn, right, right);
			return;
		}
	}
	if (may(visit, conn, "shell") == VERDICT_ALLOW) {
		visit->plan = PROTO_PLAN_COMMAND;
		open_session(visit, conn, "shell", "shell");
		return;
	}
	if (visit->ask == PROTO_ASK_TRANSFER)
		decide_transfer(visit, conn);
	else
		refuse_command(visit, conn);
}

void
shell_decide(struct visit *visit, struct conn *conn)
{
	visit->conn_id = conn->id;
	visit->plan = PROTO_PLAN_NOTHING;
	switch (visit->ask) {
	case PROTO_ASK_LOGIN:
		if (may(visit, conn, "shell") == VERDICT_ALLOW) {
			visit->plan = PROTO_PLAN_LOGIN;
			open_session(visit, conn, "shell", "shell");
		} else {
			open_session(visit, conn, "page", "");
		}
		break;
	case PROTO_ASK_COMMAND:
	case PROTO_ASK_TRANSFER:
		decide_command(visit, conn);
		break;
	case PROTO_ASK_VMS:
		open_session(visit, conn, "vms", "");
		break;
	case PROTO_ASK_WHY:
		open_session(visit, conn, "why", "");
		break;
	case PROTO_ASK_HELP:
		open_session(visit, conn, "help", "");
		break;
	case PROTO_ASK_SEAT:
		open_session(visit, conn, "seat", "");
		break;
	case PROTO_ASK_CONSOLE:
	case PROTO_ASK_CONNECT:
		shell_channel_open(visit, conn);
		break;
	case PROTO_ASK_NOTHING:
	default:
		shell_refuse(visit->caller, conn, SHELL_EX_USAGE, "", "an unknown question",
		    "The daemon of this gateway does not know this question.");
		break;
	}
}

static bool
asks_too_often(struct conn *conn)
{
	int64_t second = io_now_ms() / 1000;

	if (conn->asked_s != second) {
		conn->asked_s = second;
		conn->asks = 0;
	}
	return ++conn->asks > ASKS_PER_S;
}

void
shell_begin(struct caller *caller, struct conn *conn, struct wire_in *in)
{
	struct visit *visit = visit_new(caller, in);

	if (visit == NULL) {
		door_close(caller);
		return;
	}
	if (asks_too_often(conn)) {
		shell_refuse(caller, conn, SHELL_EX_LATER, "", "too many sessions a second",
		    "Too many sessions in one second. Please try again.");
		return;
	}
	if (conn->home == NULL) { /* the daemon was restarted a moment ago */
		shell_refuse(caller, conn, SHELL_EX_LATER, "",
		    "the user has not been looked up yet",
		    "This gateway has just been restarted. Please try again.");
		return;
	}
	conns_watch_u(caller->gw->conns, conn);
	(void)conn_step(conn, CONN_EV_SHELL);
	shell_decide(visit, conn);
}
