/* Answers to the PAM module, with their denials on record. */
#include "daemon/audit.h"
#include "daemon/conns.h"
#include "daemon/pam_requests.h"

static void
record(struct caller *caller, const struct login *login, const struct conn *conn,
    const char *reason)
{
	struct audit *audit = caller->gw->audit;
	uint64_t count;

	if (!audit_may_deny(
		audit, conn != NULL ? conn->uid : audit_name_key(caller->user), &count))
		return;
	audit_begin(audit, "deny");
	if (conn != NULL) {
		audit_conn(audit, conn);
	} else if (login != NULL) {
		audit_text(audit, AUDIT_USER, login->user);
		audit_text(audit, AUDIT_SOURCE, login->rhost);
		audit_text(audit, AUDIT_SERVICE, login->service);
		if (login->asker == LOGIN_ASKER_SERVICE) {
			audit_text(audit, AUDIT_TTY, login->tty);
			audit_text(audit, AUDIT_RUSER, login->ruser);
		}
		audit_text(audit, AUDIT_SSH_KEY, login->ssh_key);
	} else {
		audit_text(audit, AUDIT_USER, caller->user);
	}
	audit_text(audit, AUDIT_VERDICT, "deny");
	audit_text(audit, AUDIT_REASON, reason);
	if (count > 1)
		audit_number(audit, AUDIT_COUNT, count);
	audit_end_plain(audit);
}

void
pam_unconcerned(struct caller *caller)
{
	(void)door_begin(caller, PROTO_PAM_UNCONCERNED);
	(void)door_send(caller, true);
}

void
pam_refuse(struct caller *caller, const struct login *login, const struct conn *conn,
    enum proto_refusal refusal, const char *reason, const char *words)
{
	struct wire_out *out;

	/* Perhaps nobody whom we have to refuse, or to put on record. */
	if (login != NULL && login->group[0] != '\0') {
		pam_unconcerned(caller);
		return;
	}
	record(caller, login, conn, reason);
	out = door_begin(caller, PROTO_PAM_REFUSED);
	wire_put_u8(out, (uint8_t)refusal);
	wire_put_str(out, words);
	(void)door_send(caller, true);
}

void
pam_grant(struct caller *caller)
{
	(void)door_begin(caller, PROTO_PAM_GRANTED);
	(void)door_send(caller, true);
}

static const char *
state_reason(uint8_t request_type)
{
	switch (request_type) {
	case PROTO_PAM_ACCOUNT:
	case PROTO_PAM_OPEN:
		return "no OTP was accepted in this connection";
	case PROTO_PAM_OTP:
		return "no OTP was asked for in this connection";
	default:
		return "not in this state of the connection";
	}
}

void
pam_refuse_state(struct caller *caller, const struct login *login, const struct conn *conn)
{
	const char *words =
	    caller->request_type == PROTO_PAM_CLOSE
		? ""
		: "No access: no one-time password was accepted in this connection.";

	if (caller->request_type == PROTO_PAM_CLOSE) {
		pam_grant(caller); /* its end is already on record */
		return;
	}
	pam_refuse(caller, login, conn, PROTO_REFUSED_POLICY,
	    state_reason(caller->request_type), words);
}

void
pam_evict(struct caller *caller)
{
	record(caller, NULL, conns_by_id(caller->gw->conns, caller->conn_id),
	    "newer prompts took this one's place (max_prompts)");
	door_close(caller);
}

void
pam_refuse_late(struct caller *caller)
{
	const struct conn *conn = conns_by_id(caller->gw->conns, caller->conn_id);

	/* What comes now comes too late for anybody. */
	if (caller->held != NULL)
		*caller->held = NULL;
	caller->held = NULL;
	if (caller->request_type == PROTO_PAM_BEGIN_GATED) {
		pam_unconcerned(caller);
		return;
	}
	pam_refuse(caller, NULL, conn, PROTO_REFUSED_UNAVAILABLE, "no answer in time",
	    "The check could not be made in time: no access now. Please try again.");
}
