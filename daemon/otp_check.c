/* From the text to the verdict: verify's answer, the durable record, the asker. */
#include "daemon/otp_check.h"

#include "daemon/accord.h"
#include "daemon/api.h"
#include "daemon/audit.h"
#include "daemon/codes.h"
#include "daemon/conns.h"
#include "daemon/delay.h"
#include "daemon/gate.h"
#include "daemon/locks.h"
#include "lib/escape.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is needed to the end, also when the connection goes meanwhile. */
struct check {
	struct gateway *gw;
	struct otp_asker asker;
	uint32_t conn_id; /* 0: none */
	char user[PROTO_NAME_MAX + 1], source[PROTO_NAME_MAX + 1], service[PROTO_NAME_MAX + 1];
	char tty[PROTO_NAME_MAX + 1], ruser[PROTO_NAME_MAX + 1];
	int64_t since_ms;
	uid_t uid;
	uint8_t result; /* enum proto_otp */
	char public_id[PROTO_PUBLIC_ID_MAX + 1], candidate[PROTO_PUBLIC_ID_MAX + 1];
	uint32_t counter;
	uint64_t store_seq; /* 0: nothing was spent */
};

/* --- the record -------------------------------------------------------------- */

static void
record_subject(struct audit *audit, const struct otp_subject *subject)
{
	audit_begin(audit, "otp");
	if (subject->conn != NULL) {
		audit_conn(audit, subject->conn);
		return;
	}
	audit_text(audit, AUDIT_USER, subject->user);
	if (subject->uid != (uid_t)-1)
		audit_number(audit, AUDIT_UID, subject->uid);
	audit_text(audit, AUDIT_SOURCE, subject->source);
	audit_text(audit, AUDIT_SERVICE, subject->service);
	audit_text(audit, AUDIT_TTY, subject->tty);
	audit_text(audit, AUDIT_RUSER, subject->ruser);
}

void
otp_record_denial(struct gateway *gw, const struct otp_subject *subject, const char *reason)
{
	uint64_t count = 1;

	if (!audit_may_deny(
		gw->audit, subject->conn != NULL ? subject->conn->uid : subject->uid, &count))
		return;
	record_subject(gw->audit, subject);
	audit_text(gw->audit, AUDIT_VERDICT, "deny");
	audit_text(gw->audit, AUDIT_REASON, reason);
	if (count > 1)
		audit_number(gw->audit, AUDIT_COUNT, count);
	audit_end_plain(gw->audit);
}

struct otp_outcome
otp_check_garbled(struct gateway *gw, const struct otp_subject *subject)
{
	struct otp_outcome outcome = otp_outcome_of(PROTO_OTP_GARBLED);
	const struct delay_who who = {
	    .user = subject->conn != NULL ? subject->conn->user : subject->user,
	    .service = subject->service,
	    .source = subject->conn != NULL ? subject->conn->source : subject->source};

	outcome.hold_ms = delay_wrong(gw->delay, &who, io_now_ms());
	return outcome;
}

/* The connection that still waits; NULL: none does, or it never was about one. */
static struct conn *
conn_of(const struct check *c)
{
	struct conn *conn = c->conn_id != 0 ? conns_by_id(c->gw->conns, c->conn_id) : NULL;

	return conn != NULL && conn_may(conn->state, CONN_EV_OTP_OK) == VERDICT_ALLOW ? conn
										      : NULL;
}

static bool
is_waited_for(const struct check *c)
{
	return (c->conn_id == 0 || conn_of(c) != NULL) && c->asker.waits(c->asker.arg);
}

static void
begin_record(
    const struct check *c, const struct conn *conn, const char *verdict, const char *reason)
{
	struct audit *audit = c->gw->audit;
	const struct otp_subject subject = {.conn = conn,
	    .user = c->user,
	    .source = c->source,
	    .service = c->service,
	    .tty = c->tty,
	    .ruser = c->ruser,
	    .uid = c->uid};

	record_subject(audit, &subject);
	if (conn == NULL || conn->public_id[0] == '\0')
		audit_text(audit, AUDIT_KEY, c->public_id);
	if (c->store_seq != 0) {
		audit_number(audit, AUDIT_COUNTER, c->counter);
		audit_number(audit, AUDIT_STORE_SEQ, c->store_seq);
	}
	audit_text(audit, AUDIT_VERDICT, verdict);
	audit_text(audit, AUDIT_REASON, reason);
}

/* Not flushed, and summed when there are many; but a spent counter is always
 * recorded, for the store's sake. */
static void
record_denial(const struct check *c, const char *reason)
{
	uint64_t count = 1;

	if (!audit_may_deny(c->gw->audit, c->uid, &count) && c->store_seq == 0)
		return;
	begin_record(c, conn_of(c), "deny", reason);
	if (count > 1)
		audit_number(c->gw->audit, AUDIT_COUNT, count);
	audit_end_plain(c->gw->audit);
}

/* --- the way ----------------------------------------------------------------- */

/* A wrong OTP is told late, a right one at once; what could not be checked is nobody's
 * fault. The time that the check took counts. */
static uint32_t
hold_of(const struct check *c, const struct otp_outcome *outcome)
{
	const struct delay_who who = {c->user, c->service, c->source};
	int64_t now_ms = io_now_ms(), latest_ms = c->since_ms + DELAY_MOST_MS, until_ms;

	if (outcome->verdict == VERDICT_ALLOW)
		delay_right(c->gw->delay, &who);
	if (outcome->verdict == VERDICT_ALLOW || outcome->refusal != PROTO_REFUSED_OTP)
		return 0;
	until_ms = now_ms + delay_wrong(c->gw->delay, &who, now_ms);
	if (until_ms > latest_ms)
		until_ms = latest_ms;
	return until_ms > now_ms ? (uint32_t)(until_ms - now_ms) : 0;
}

static void
finish(struct check *c, struct otp_outcome outcome)
{
	outcome.hold_ms = hold_of(c, &outcome);
	/* Only at a connection's own prompt: an admin's test shows him nothing, and a
	 * service may have asked in words of its own. */
	if (outcome.verdict == VERDICT_ALLOW && c->result == PROTO_OTP_OK && c->conn_id != 0)
		codes_told(c->gw, c->user);
	if (outcome.verdict != VERDICT_ALLOW)
		record_denial(c, outcome.reason);
	memcpy(outcome.public_id, c->public_id, sizeof(outcome.public_id));
	outcome.found = c->result;
	outcome.counter = c->counter;
	c->asker.done(c->asker.arg, &outcome);
	free(c);
}

static void
on_recorded(void *arg, int error)
{
	struct check *c = arg;

	if (error < 0)
		finish(c,
		    otp_outcome_deny(PROTO_REFUSED_UNAVAILABLE, "the record cannot be written",
			"This gateway cannot keep its records now: no access. Please "
			"tell its administrators."));
	else if (!is_waited_for(c))
		finish(c, otp_outcome_late());
	else
		finish(c, (struct otp_outcome){.verdict = VERDICT_ALLOW});
}

static bool
is_theirs(const struct check *c)
{
	return gate_is_key_of(c->gw, c->user, c->public_id) ||
	       (c->candidate[0] != '\0' && strcmp(c->candidate, c->public_id) == 0);
}

static bool
is_good(const struct check *c)
{
	return c->result == PROTO_OTP_OK || c->result == PROTO_OTP_CODE;
}

static void
unpack(struct check *c, uint8_t type, struct wire_in *in)
{
	c->result = wire_get_u8(in);
	wire_get_str(in, c->public_id, sizeof(c->public_id));
	c->counter = wire_get_u32(in);
	c->store_seq = wire_get_u64(in);
	if (type != PROTO_VERIFIED || wire_end(in) < 0)
		c->result = PROTO_OTP_FAILED;
	else
		accord_on_spent(c->gw, c->store_seq);
	if (c->result == PROTO_OTP_CODE)
		snprintf(c->public_id, sizeof(c->public_id), GATE_CODE "%u", c->counter);
	/* Not only verify's word: the key must be this user's now. */
	if (is_good(c) && !is_theirs(c))
		c->result = PROTO_OTP_FOREIGN;
	if (!is_good(c) && c->result != PROTO_OTP_FOREIGN && c->result != PROTO_OTP_DISABLED)
		c->store_seq = 0; /* nothing was spent */
}

/* --- the way by a validation service ------------------------------------------- */

static void
on_verified(void *arg, int error, uint8_t type, struct wire_in *in);

/* The service's OK goes back to verify: is the key still good, has its counter grown? */
static int
confirm(struct check *c)
{
	struct gateway *gw = c->gw;
	struct wire_out *out = servant_begin(gw->verify, PROTO_VERIFY_API);

	wire_put_str(out, c->public_id);
	wire_put_u32(out, c->counter);
	wire_put_u64(out, audit_seq(gw->audit));
	return servant_ask(
	    gw->verify, NULL, 0, gateway_settings(gw)->verify_timeout_ms, on_verified, c);
}

static void
on_api(void *arg, int error, uint8_t type, struct wire_in *in)
{
	enum proto_api verdict = PROTO_API_NONE;
	char words[PROTO_TEXT_MAX + 1] = "", shown[256];
	struct check *c = arg;

	if (error == 0 && type == PROTO_API_ANSWER) {
		verdict = (enum proto_api)wire_get_u8(in);
		(void)wire_get_u8(in); /* without a counter it is 0 */
		c->counter = wire_get_u32(in);
		wire_get_str(in, words, sizeof(words));
		if (wire_end(in) < 0)
			verdict = PROTO_API_NONE;
	}
	if (verdict == PROTO_API_NONE)
		log_warn("key %s: no valid answer of a validation server: %s", c->public_id,
		    error == 0 ? escape_str(shown, sizeof(shown), words)
			       : "the helper api is down");
	if (verdict == PROTO_API_BAD)
		c->result = PROTO_OTP_GARBLED;
	else if (verdict == PROTO_API_REPLAYED)
		c->result = PROTO_OTP_REPLAYED;
	if (verdict != PROTO_API_OK)
		finish(c, otp_outcome_of_api(verdict));
	else if (!is_waited_for(c))
		finish(c, otp_outcome_late());
	else if (gateway_disorder(c->gw) != NULL || confirm(c) < 0)
		finish(c, otp_outcome_of(PROTO_OTP_FAILED));
}

static void
ask_api(struct check *c, struct wire_in *in)
{
	char otp[PROTO_OTP_MAX + 1];
	int err = 0;

	wire_get_str(in, c->public_id, sizeof(c->public_id));
	c->store_seq = wire_get_u64(in);
	wire_get_str(in, otp, sizeof(otp));
	if (wire_end(in) < 0)
		err = -EBADMSG;
	else
		accord_on_spent(c->gw, c->store_seq);
	if (err == 0 && !is_theirs(c)) {
		c->result = PROTO_OTP_FOREIGN;
		finish(c, otp_outcome_of(PROTO_OTP_FOREIGN));
	} else if (err == 0 && !is_waited_for(c)) {
		finish(c, otp_outcome_late());
	} else {
		if (err == 0)
			err = api_ask(c->gw->api, otp, on_api, c);
		if (err < 0) {
			log_warn("key %s: the validation servers cannot be asked%s",
			    c->public_id, err == -ENOENT ? ": there is no api_url" : "");
			finish(c, otp_outcome_of_api(PROTO_API_NONE));
		}
	}
	secret_wipe(otp, sizeof(otp));
}

static void
on_verified(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct check *c = arg;

	if (error == 0 && type == PROTO_VERIFY_ASK && c->store_seq == 0) {
		ask_api(c, in);
		return;
	}
	if (error == 0)
		unpack(c, type, in);
	if (!is_good(c)) {
		finish(c, otp_outcome_of(c->result));
	} else if (!is_waited_for(c)) {
		finish(c, otp_outcome_late());
	} else if (locks_find(c->gw->locks, c->user) != NULL) {
		finish(c, otp_outcome_deny(PROTO_REFUSED_POLICY, "the user is locked",
			      "Your access is locked. Please talk to the administrators."));
	} else {
		begin_record(c, conn_of(c), "allow", NULL);
		if (audit_end_durable(c->gw->audit, on_recorded, c) < 0)
			finish(c, otp_outcome_of(PROTO_OTP_FAILED));
	}
}

static int
ask_verify(struct check *c, const char *otp)
{
	struct gateway *gw = c->gw;
	struct wire_out *out = servant_begin(gw->verify, PROTO_VERIFY_OTP);
	size_t n, at = out->len;
	const char *const *keys = policy_keys(gw->policy, c->user, &n);
	size_t more = c->candidate[0] != '\0' ? 1 : 0;
	int err;

	if (n > PROTO_KEYS_MAX - more)
		n = PROTO_KEYS_MAX - more;
	wire_put_str(out, otp);
	wire_put_u64(out, audit_seq(gw->audit));
	wire_put_u16(out, (uint16_t)(n + more));
	for (size_t i = 0; i < n; i++)
		wire_put_str(out, keys[i]);
	if (more > 0)
		wire_put_str(out, c->candidate);
	wire_put_str(out, c->user);
	err = servant_ask(
	    gw->verify, NULL, 0, gateway_settings(gw)->verify_timeout_ms, on_verified, c);
	secret_wipe(out->buf + at, strlen(otp) + 2);
	return err;
}

static void
copy(char to[PROTO_NAME_MAX + 1], const char *from)
{
	size_t len = from != NULL ? strnlen(from, PROTO_NAME_MAX) : 0;

	memcpy(to, from != NULL ? from : "", len);
	to[len] = '\0';
}

int
otp_check(struct gateway *gw, const struct otp_subject *subject, const char *otp,
    const struct otp_asker *asker)
{
	const struct conn *conn = subject->conn;
	struct check *c;
	int err;

	if (gateway_disorder(gw) != NULL)
		return -EUCLEAN;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	*c = (struct check){.gw = gw,
	    .asker = *asker,
	    .since_ms = io_now_ms(),
	    .conn_id = conn != NULL ? conn->id : 0,
	    .uid = conn != NULL ? conn->uid : subject->uid};
	copy(c->user, conn != NULL ? conn->user : subject->user);
	copy(c->source, conn != NULL ? conn->source : subject->source);
	copy(c->service, subject->service);
	copy(c->tty, subject->tty);
	copy(c->ruser, subject->ruser);
	if (subject->candidate != NULL)
		snprintf(c->candidate, sizeof(c->candidate), "%s", subject->candidate);
	err = ask_verify(c, otp);
	if (err < 0)
		free(c);
	return err;
}
