/* acct_mgmt, open_session, close_session: asked again, because publickey alone gets
 * this far too. */
#include "daemon/audit.h"
#include "daemon/conns.h"
#include "daemon/pam_requests.h"

#include "lib/log.h"

#include <stdlib.h>
#include <string.h>

struct opening {
	struct caller *caller; /* NULL when it has gone */
	struct gateway *gw;
	uint32_t conn_id;
};

void
pam_account(struct caller *caller, struct login *login, struct conn *conn)
{
	(void)login;
	(void)conn; /* the table has seen that it is accepted, and whose */
	pam_grant(caller);
}

static void
on_recorded(void *arg, int error)
{
	struct opening *o = arg;
	struct conn *conn = conns_by_id(o->gw->conns, o->conn_id);
	int err;

	if (o->caller == NULL) {
		if (error == 0 && conn != NULL) {
			audit_begin(o->gw->audit, "session-end");
			audit_conn(o->gw->audit, conn);
			audit_text(o->gw->audit, AUDIT_REASON,
			    "refused: the login ended before the answer came");
			audit_end_noted(o->gw->audit);
		}
		goto out;
	}
	door_hold(o->caller, NULL);
	if (error < 0 || conn == NULL || !proc_pidfd_is_alive(conn->m_pidfd) ||
	    conn_step(conn, CONN_EV_SESSION) != VERDICT_ALLOW) {
		pam_refuse(o->caller, NULL, conn, PROTO_REFUSED_UNAVAILABLE,
		    error < 0 ? "the record cannot be written" : "the connection has ended",
		    "This gateway cannot keep its records now: no access. Please tell its "
		    "administrators.");
		goto out;
	}
	conn->had_session = true;
	err = conns_remember(o->gw->conns, conn);
	if (err < 0)
		log_error("c%u cannot be kept over a restart: %s", conn->id, strerror(-err));
	pam_grant(o->caller);
out:
	free(o);
}

void
pam_open(struct caller *caller, struct login *login, struct conn *conn)
{
	struct opening *o = NULL;

	/* otp = shell: sshd may go on, and no more has happened. (M is not known before
	 * the shell asks; it may look like a child of the listening sshd.) */
	if (conn == NULL && login->asker != LOGIN_ASKER_OTHER && login->has_publickey) {
		pam_grant(caller);
		return;
	}
	if (conn == NULL || login->asker != LOGIN_ASKER_M || !login->has_publickey ||
	    !login->has_kbdint) {
		pam_refuse(caller, login, conn, PROTO_REFUSED_POLICY,
		    "not authenticated by public key and keyboard-interactive in this "
		    "connection",
		    "No access: a public key and a one-time password are needed.");
		return;
	}
	o = calloc(1, sizeof(*o));
	if (o != NULL) {
		*o = (struct opening){.caller = caller, .gw = caller->gw, .conn_id = conn->id};
		audit_begin(caller->gw->audit, "session");
		audit_conn(caller->gw->audit, conn);
		audit_text(caller->gw->audit, AUDIT_SERVICE, login->service);
		audit_text(caller->gw->audit, AUDIT_VERDICT, "allow");
		if (audit_end_durable(caller->gw->audit, on_recorded, o) == 0) {
			door_hold(caller, &o->caller);
			return;
		}
	}
	free(o);
	pam_refuse(caller, login, conn, PROTO_REFUSED_UNAVAILABLE,
	    "the record cannot be written",
	    "This gateway cannot keep its records now: no access. Please tell its "
	    "administrators.");
}

void
pam_close(struct caller *caller, struct login *login, struct conn *conn)
{
	if (login->asker == LOGIN_ASKER_M && conn != NULL)
		conns_end(caller->gw->conns, conn, "the connection ended");
	pam_grant(caller);
}
