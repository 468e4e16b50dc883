/* What sallyport-shell is refused with, and its end. */
#include "daemon/audit.h"
#include "daemon/conns.h"
#include "daemon/shell_channel.h"
#include "daemon/shell_requests.h"

static void
record(struct caller *caller, const struct conn *conn, const char *right, const char *reason)
{
	struct audit *audit = caller->gw->audit;
	uint64_t count;

	if (!audit_may_deny(audit, caller->uid, &count))
		return;
	audit_begin(audit, "deny");
	if (conn != NULL)
		audit_conn(audit, conn);
	else
		audit_number(audit, AUDIT_UID, caller->uid);
	audit_text(audit, AUDIT_SERVICE, "sallyport-shell");
	if (right[0] != '\0')
		audit_text(audit, AUDIT_VM, "host");
	audit_text(audit, AUDIT_RIGHT, right);
	audit_text(audit, AUDIT_VERDICT, "deny");
	audit_text(audit, AUDIT_REASON, reason);
	audit_number(audit, AUDIT_PID, (uint64_t)caller->pid);
	if (count > 1)
		audit_number(audit, AUDIT_COUNT, count);
	if (caller->visit != NULL)
		audit_text(audit, AUDIT_DETAIL, caller->visit->command);
	audit_end_plain(audit);
}

void
shell_refuse_told(struct caller *caller, enum shell_exit status, const char *words)
{
	struct wire_out *out = door_begin(caller, PROTO_SHELL_REFUSED);

	wire_put_u8(out, (uint8_t)status);
	wire_put_str(out, words);
	if (door_send(caller, true) == 0)
		door_close(caller); /* what was sent is read all the same */
}

void
shell_refuse(struct caller *caller, const struct conn *conn, enum shell_exit status,
    const char *right, const char *reason, const char *words)
{
	record(caller, conn, right, reason);
	shell_refuse_told(caller, status, words);
}

void
shell_refuse_state(struct caller *caller, const struct conn *conn)
{
	const char *reason = "no OTP was accepted in this connection";
	const char *words = "No access: no one-time password was accepted in this connection.";

	if (conn != NULL && conn->state == CONN_ASKED) {
		reason = "this connection is being asked for its OTP already";
		words = "Another session of this connection is asking for the one-time "
			"password: answer there first.";
	} else if (conn == NULL) {
		reason = "not below sshd's process of a connection with an accepted OTP";
	}
	shell_refuse(caller, conn, SHELL_EX_DENIED, "", reason, words);
}

void
shell_refuse_version(struct caller *caller)
{
	shell_refuse(caller, NULL, SHELL_EX_CONFIG, "", "sallyport-shell of another version",
	    "sallyport-shell and the daemon of this gateway are of different versions: no "
	    "access. Please tell its administrators.");
}

void
shell_refuse_late(struct caller *caller)
{
	const char *reason = "no answer in time";

	/* A channel that was being opened is what is denied, and says of what VM. */
	if (caller->visit == NULL || !shell_channel_late(caller->visit->channel, reason))
		record(caller, conns_by_id(caller->gw->conns, caller->conn_id), "", reason);
	shell_refuse_told(caller, SHELL_EX_LATER,
	    "The check could not be made in time: no access now. Please try again.");
}

void
shell_refuse_passed(struct caller *caller)
{
	shell_refuse(caller, conns_by_id(caller->gw->conns, caller->conn_id), SHELL_EX_USAGE,
	    "", "a descriptor was passed", "Descriptors are not taken here.");
}

void
shell_gone(struct caller *caller)
{
	struct conn *conn = conns_by_id(caller->gw->conns, caller->conn_id);

	/* A prompt that nobody answers any more. */
	if (conn != NULL && conn->state == CONN_ASKED && conn->prompt_pid == caller->pid)
		(void)conn_step(conn, CONN_EV_OTP_BAD);
	if (caller->visit != NULL)
		shell_channel_gone(caller->visit->channel);
	visit_gone(caller->visit);
}
