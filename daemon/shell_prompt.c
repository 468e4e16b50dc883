/* otp = shell: the connection is made when sallyport-shell first asks, and marked when
 * its OTP was accepted. Only a child of U may ask and answer. */
#include "daemon/audit.h"
#include "daemon/codes.h"
#include "daemon/conns.h"
#include "daemon/lineage.h"
#include "daemon/otp_check.h"
#include "daemon/pam_requests.h"
#include "daemon/people.h"
#include "daemon/prompts.h"
#include "daemon/shell_requests.h"

#include "lib/io.h"
#include "lib/log.h"
#include "lib/secret.h"

#include <stdio.h>
#include <string.h>

#define TRIES_MAX 3

static const char no_terminal[] =
    "A one-time password is needed, and there is no terminal to ask for it. Use ssh -t, or "
    "open one connection first and share it: ssh -M -S PATH, then ssh -S PATH (ControlMaster "
    "in ssh_config).";
/* words: about the try before, "" none; told in hold_ms. */
static void
prompt(struct visit *visit, struct conn *conn, const char *words, uint32_t hold_ms)
{
	struct caller *caller = visit->caller;
	uint32_t timeout_s = gateway_settings(visit->gw)->prompt_timeout_s;
	char text[PROTO_TEXT_MAX + 1], used[128];
	struct wire_out *out;

	codes_words(visit->gw, conn->user, used, sizeof(used));
	conn->prompt_pid = caller->pid;
	caller->conn_id = visit->conn_id = conn->id;
	snprintf(text, sizeof(text), "%sYubiKey for %s: ", used, conn->user);
	out = door_begin(caller, PROTO_SHELL_PROMPT);
	wire_put_str(out, words);
	wire_put_str(out, text);
	wire_put_u32(out, timeout_s);
	if ((hold_ms > 0 ? door_send_later(caller, hold_ms) : door_send(caller, true)) == 0)
		door_wait(caller, timeout_s * 1000);
}

/* His oldest prompt gives way to a new one. */
static void
evict(struct caller *oldest)
{
	shell_refuse(oldest, conns_by_id(oldest->gw->conns, oldest->conn_id), SHELL_EX_LATER,
	    "", "too many open prompts (max_prompts)",
	    "Too many of your logins wait at this prompt: this one was given up.");
}

static void
begin_prompt(struct visit *visit, struct conn *conn, const char *words, uint32_t hold_ms)
{
	const struct prompt_owner owner = {
	    .user = conn->user, .by = "", .source = conn->source};
	struct gateway *gw = visit->gw;

	if (conn_may(conn->state, CONN_EV_ASK) != VERDICT_ALLOW)
		shell_refuse_state(visit->caller, conn);
	else if (prompts_open(gw->prompts, visit->caller, &owner,
		     gateway_settings(gw)->max_prompts, evict) < 0 ||
		 conn_step(conn, CONN_EV_ASK) != VERDICT_ALLOW)
		door_close(visit->caller);
	else
		prompt(visit, conn, words, hold_ms);
}

static struct conn *
add(struct visit *visit, const struct people_user *user)
{
	struct conns *conns = visit->gw->conns;
	struct conn *conn;

	/* Another session of the connection may have been faster. */
	conn = conns_by_m(conns, &visit->m);
	if (conn != NULL)
		return conn->uid == user->uid && conn_is_u(conn, &visit->u) == VERDICT_ALLOW
			   ? conn
			   : NULL;
	conn = conns_add(conns, user->name, user->uid, &visit->m, visit->m_pidfd);
	if (conn == NULL)
		return NULL;
	visit->m_pidfd = -1;
	conn->state = CONN_UNASKED;
	if (!conn_set_groups(conn, &user->groups) ||
	    !conn_set_home(conn, user->home, user->shell) ||
	    conn_is_u(conn, &visit->u) != VERDICT_ALLOW) {
		conns_end(conns, conn, "it could not be registered");
		return NULL;
	}
	conns_watch_u(conns, conn);
	lineage_source(&conn->m, conn->m_pidfd, conn->source, sizeof(conn->source));
	return conn;
}

static void
on_user(void *arg, struct people_user *user)
{
	struct visit *visit = arg;
	struct objection o;
	struct conn *conn;

	if (!visit_resume(visit))
		return;
	o = pam_object(visit->gw, user->name, user);
	if (o.reason != NULL)
		shell_refuse(visit->caller, NULL,
		    o.refusal == PROTO_REFUSED_UNAVAILABLE ? SHELL_EX_LATER : SHELL_EX_DENIED,
		    "", o.reason, o.words);
	else if (user->uid != visit->caller->uid)
		shell_refuse(visit->caller, NULL, SHELL_EX_DENIED, "", "no such user", "");
	else if ((conn = add(visit, user)) != NULL)
		begin_prompt(visit, conn, "", 0);
	else
		shell_refuse(visit->caller, NULL, SHELL_EX_DENIED, "",
		    "the connection has ended, or there is no memory",
		    "This connection cannot be used: no access.");
}

/* The first question of a connection. */
static void
begin_first(struct visit *visit)
{
	if (lineage_candidate(visit->caller, &visit->u, &visit->m, &visit->m_pidfd) < 0) {
		shell_refuse_state(visit->caller, NULL);
		return;
	}
	if (people_ask_uid(visit->gw, visit->caller->uid, on_user, visit) < 0)
		shell_refuse(visit->caller, NULL, SHELL_EX_LATER, "",
		    "the user cannot be looked up: the names helper is down",
		    pam_cannot_look_up);
	else
		visit->is_busy = true;
}

void
shell_ask(struct caller *caller, struct conn *conn, struct wire_in *in)
{
	const char *disorder = gateway_disorder(caller->gw);
	struct visit *visit = visit_new(caller, in);
	bool is_child;

	if (visit == NULL)
		door_close(caller);
	else if (disorder != NULL)
		shell_refuse(caller, conn, SHELL_EX_LATER, "", disorder, pam_cannot_check);
	else if (!(visit->flags & PROTO_SHELL_STDIN_TTY))
		shell_refuse(caller, conn, SHELL_EX_DENIED, "",
		    "no OTP was accepted in this connection, and no terminal to ask for it",
		    no_terminal);
	else if (conn == NULL)
		begin_first(visit);
	else if (lineage_find(caller, &is_child) == conn && is_child)
		begin_prompt(visit, conn, "", 0);
	else
		shell_refuse_state(caller, NULL);
}

/* --- what was typed ------------------------------------------------------------ */

static bool
waits(const void *arg)
{
	return ((const struct visit *)arg)->caller != NULL;
}

/* It is on record already. */
static void
refuse(struct visit *visit, struct conn *conn, const struct otp_outcome *o)
{
	struct caller *caller = visit->caller;
	struct wire_out *out;

	(void)conn_step(conn, CONN_EV_OTP_BAD);
	visit->tries++;
	if (o->refusal == PROTO_REFUSED_OTP && visit->tries < TRIES_MAX) {
		begin_prompt(visit, conn, o->words, o->hold_ms);
		return;
	}
	out = door_begin(caller, PROTO_SHELL_REFUSED);
	wire_put_u8(
	    out, o->refusal == PROTO_REFUSED_UNAVAILABLE ? SHELL_EX_LATER : SHELL_EX_DENIED);
	wire_put_str(out, o->words);
	if (o->hold_ms > 0)
		(void)door_send_later(caller, o->hold_ms);
	else if (door_send(caller, true) == 0)
		door_close(caller);
}

/* The OTP is on record, and with it the connection is open. */
static void
accept_conn(struct visit *visit, struct conn *conn, const char *public_id)
{
	struct audit *audit = visit->gw->audit;
	int err;

	snprintf(conn->public_id, sizeof(conn->public_id), "%s", public_id);
	conn->had_session = true;
	audit_begin(audit, "session");
	audit_conn(audit, conn);
	audit_text(audit, AUDIT_SERVICE, "sallyport-shell");
	audit_text(audit, AUDIT_VERDICT, "allow");
	audit_end_noted(audit);
	err = conns_remember(visit->gw->conns, conn);
	if (err < 0)
		log_error("c%u cannot be kept over a restart: %s", conn->id, strerror(-err));
	(void)conn_step(conn, CONN_EV_SHELL);
	shell_decide(visit, conn);
}

static void
on_checked(void *arg, const struct otp_outcome *outcome)
{
	struct visit *visit = arg;
	struct conn *conn = conns_by_id(visit->gw->conns, visit->conn_id);
	const struct otp_outcome failed = otp_outcome_failed();

	if (!visit_resume(visit))
		return;
	if (conn == NULL || conn->state != CONN_ASKED)
		door_close(visit->caller);
	else if (outcome->verdict != VERDICT_ALLOW)
		refuse(visit, conn, outcome);
	else if (conn_lives(conn) && conn_step(conn, CONN_EV_OTP_OK) == VERDICT_ALLOW)
		accept_conn(visit, conn, outcome->public_id);
	else
		refuse(visit, conn, &failed);
}

void
shell_otp(struct caller *caller, struct conn *conn, struct wire_in *in)
{
	const struct otp_subject subject = {.conn = conn};
	struct visit *visit = caller->visit;
	const struct otp_asker asker = {.waits = waits, .done = on_checked, .arg = visit};
	char otp[PROTO_OTP_MAX + 1];
	struct otp_outcome o = otp_outcome_failed();
	bool is_child;

	prompts_close(caller);
	wire_get_str(in, otp, sizeof(otp));
	if (visit == NULL || caller->conn_id != conn->id || wire_end(in) < 0 ||
	    conn->prompt_pid != caller->pid || lineage_find(caller, &is_child) != conn ||
	    !is_child) {
		secret_wipe(otp, sizeof(otp));
		shell_refuse_state(caller, NULL);
		return;
	}
	if (otp_check(caller->gw, &subject, otp, &asker) == 0) {
		visit->is_busy = true;
	} else {
		otp_record_denial(caller->gw, &subject, o.reason);
		refuse(visit, conn, &o);
	}
	secret_wipe(otp, sizeof(otp));
}
