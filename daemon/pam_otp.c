/* What was typed at the module's prompt: checked, then the connection's mark. */
#include "daemon/conns.h"
#include "daemon/otp_check.h"
#include "daemon/pam_requests.h"

#include "lib/secret.h"

#include <stdlib.h>
#include <string.h>

struct typed {
	struct caller *caller; /* NULL when it has gone, or was told that it is too late */
	struct gateway *gw;
	uint32_t conn_id;
};

static bool
waits(const void *arg)
{
	const struct typed *t = arg;

	return t->caller != NULL;
}

void
pam_refuse_otp(struct caller *caller, const struct otp_outcome *outcome)
{
	struct wire_out *out = door_begin(caller, PROTO_PAM_REFUSED);

	wire_put_u8(out, (uint8_t)outcome->refusal);
	wire_put_str(out, outcome->words);
	if (outcome->hold_ms > 0)
		(void)door_send_later(caller, outcome->hold_ms);
	else
		(void)door_send(caller, true);
}

static void
refuse(struct caller *caller, struct conn *conn, const struct otp_outcome *outcome)
{
	if (conn != NULL && conn->state == CONN_PENDING)
		conn_step(conn, CONN_EV_OTP_BAD);
	if (caller != NULL)
		pam_refuse_otp(caller, outcome);
}

static void
done(void *arg, const struct otp_outcome *outcome)
{
	struct typed *t = arg;
	struct conn *conn = conns_by_id(t->gw->conns, t->conn_id);
	struct otp_outcome failed = otp_outcome_failed();
	struct caller *caller = t->caller;
	struct gateway *gw = t->gw;

	if (caller != NULL)
		door_hold(caller, NULL);
	free(t);
	if (outcome->verdict != VERDICT_ALLOW) {
		refuse(caller, conn, outcome);
	} else if (caller == NULL || conn == NULL || !proc_pidfd_is_alive(conn->m_pidfd) ||
		   conn_step(conn, CONN_EV_OTP_OK) != VERDICT_ALLOW) {
		if (conn != NULL)
			otp_record_denial(gw, &(struct otp_subject){.conn = conn},
			    "the connection has ended");
		refuse(caller, conn, &failed);
	} else {
		memcpy(conn->public_id, outcome->public_id, sizeof(conn->public_id));
		pam_grant(caller);
	}
}

bool
pam_check_otp(struct caller *caller, const struct otp_subject *subject, struct wire_in *in,
    const struct otp_asker *asker)
{
	struct otp_outcome outcome = otp_outcome_failed();
	char otp[PROTO_OTP_MAX + 1];
	bool is_asked = false;

	wire_get_str(in, otp, sizeof(otp));
	if (wire_end(in) < 0)
		outcome = otp_check_garbled(caller->gw, subject);
	else
		is_asked = otp_check(caller->gw, subject, otp, asker) == 0;
	secret_wipe(otp, sizeof(otp));
	if (is_asked)
		return true;
	otp_record_denial(caller->gw, subject, outcome.reason);
	pam_refuse_otp(caller, &outcome);
	return false;
}

void
pam_otp(struct caller *caller, struct wire_in *in)
{
	struct gateway *gw = caller->gw;
	struct conn *conn = conns_by_id(gw->conns, caller->conn_id);
	struct typed *t = calloc(1, sizeof(*t));
	const struct otp_subject subject = {.conn = conn};
	const struct otp_asker asker = {.waits = waits, .done = done, .arg = t};

	if (conn == NULL || t == NULL) {
		free(t);
		door_close(caller);
		return;
	}
	*t = (struct typed){.caller = caller, .gw = gw, .conn_id = conn->id};
	if (pam_check_otp(caller, &subject, in, &asker)) {
		door_hold(caller, &t->caller);
	} else {
		free(t);
		(void)conn_step(conn, CONN_EV_OTP_BAD);
	}
}
