/* What was typed at the prompt: verified, put on record, then accepted. */
#include "daemon/audit.h"
#include "daemon/conns.h"
#include "daemon/gate.h"
#include "daemon/pam_requests.h"

#include "lib/secret.h"

#include <stdlib.h>
#include <string.h>

/* An OTP on its way through verify and recorder. */
struct attempt {
	struct caller *caller; /* NULL when it has gone, or was told that it is too late */
	struct gateway *gw;
	uint32_t conn_id;
	char user[PROTO_NAME_MAX + 1]; /* for the record, should the connection end */
	uid_t uid;
	uint8_t result; /* enum proto_otp */
	char public_id[PROTO_PUBLIC_ID_MAX + 1];
	uint32_t counter;
	uint64_t store_seq;
};

static void
attempt_free(struct attempt *a)
{
	if (a->caller != NULL)
		door_hold(a->caller, NULL);
	free(a);
}

struct outcome {
	enum proto_refusal refusal;
	const char *reason, *words;
};

static const struct outcome nobody_waits = {
    PROTO_REFUSED_UNAVAILABLE, "the login ended before the answer came", ""};

static struct outcome
outcome_of(uint8_t result)
{
	switch ((enum proto_otp)result) {
	case PROTO_OTP_GARBLED:
		return (struct outcome){PROTO_REFUSED_OTP, "not an OTP",
		    "That was not a one-time password of a YubiKey."};
	case PROTO_OTP_REPLAYED:
		return (struct outcome){PROTO_REFUSED_OTP, "replayed OTP",
		    "That one-time password is spent. Press the key again."};
	case PROTO_OTP_UNKNOWN:
		return (struct outcome){PROTO_REFUSED_OTP, "OTP of an unknown YubiKey",
		    "That YubiKey is not registered for you on this gateway."};
	case PROTO_OTP_FOREIGN:
		return (struct outcome){PROTO_REFUSED_OTP,
		    "OTP of a YubiKey that is not this user's",
		    "That YubiKey is not registered for you on this gateway."};
	case PROTO_OTP_DISABLED:
		return (struct outcome){PROTO_REFUSED_OTP, "OTP of a disabled YubiKey",
		    "That YubiKey is not valid on this gateway any more."};
	case PROTO_OTP_OK: /* but not to be accepted: the caller of this says why */
	case PROTO_OTP_FAILED:
	default:
		return (struct outcome){PROTO_REFUSED_UNAVAILABLE, "OTPs cannot be verified",
		    "One-time passwords cannot be checked on this gateway now: no access. "
		    "Please "
		    "tell its administrators."};
	}
}

static void
begin_record(
    struct attempt *a, const struct conn *conn, const char *verdict, const char *reason)
{
	struct audit *audit = a->gw->audit;

	audit_begin(audit, "otp");
	audit_conn(audit, conn);
	if (conn->public_id[0] == '\0')
		audit_text(audit, AUDIT_KEY, a->public_id);
	if (a->store_seq != 0) {
		audit_number(audit, AUDIT_COUNTER, a->counter);
		audit_number(audit, AUDIT_STORE_SEQ, a->store_seq);
	}
	audit_text(audit, AUDIT_VERDICT, verdict);
	audit_text(audit, AUDIT_REASON, reason);
}

/* Denied: on record, not flushed. A spent counter is always recorded, for the
 * store's sake. */
static void
refuse(struct attempt *a, struct conn *conn, const struct outcome *o)
{
	struct wire_out *out;
	uint64_t count = 1;

	conn_step(conn, CONN_EV_OTP_BAD);
	if (audit_may_deny(a->gw->audit, conn->uid, &count) || a->store_seq != 0) {
		begin_record(a, conn, "deny", o->reason);
		if (count > 1)
			audit_number(a->gw->audit, AUDIT_COUNT, count);
		audit_end_plain(a->gw->audit);
	}
	if (a->caller == NULL)
		return;
	out = door_begin(a->caller, PROTO_PAM_REFUSED);
	wire_put_u8(out, (uint8_t)o->refusal);
	wire_put_str(out, o->words);
	(void)door_send(a->caller, true);
}

/* The connection ended before the answer: the OTP is spent all the same. */
static void
record_orphan(const struct attempt *a)
{
	struct audit *audit = a->gw->audit;

	if (a->store_seq == 0)
		return;
	audit_begin(audit, "otp");
	audit_text(audit, AUDIT_USER, a->user);
	audit_number(audit, AUDIT_UID, a->uid);
	audit_text(audit, AUDIT_KEY, a->public_id);
	audit_number(audit, AUDIT_COUNTER, a->counter);
	audit_number(audit, AUDIT_STORE_SEQ, a->store_seq);
	audit_text(audit, AUDIT_VERDICT, "deny");
	audit_text(audit, AUDIT_REASON, nobody_waits.reason);
	audit_end_plain(audit);
}

static struct conn *
conn_of(const struct attempt *a)
{
	struct conn *conn = conns_by_id(a->gw->conns, a->conn_id);

	return conn != NULL && conn->state == CONN_PENDING ? conn : NULL;
}

static void
on_recorded(void *arg, int error)
{
	static const struct outcome no_record = {PROTO_REFUSED_UNAVAILABLE,
	    "the record cannot be written",
	    "This gateway cannot keep its records now: no access. Please tell its "
	    "administrators."};
	struct attempt *a = arg;
	struct conn *conn = conn_of(a);

	if (conn != NULL && error == 0 && a->caller == NULL) {
		refuse(a, conn, &nobody_waits);
	} else if (conn != NULL && error == 0 && proc_pidfd_is_alive(conn->m_pidfd) &&
		   conn_step(conn, CONN_EV_OTP_OK) == VERDICT_ALLOW) {
		memcpy(conn->public_id, a->public_id, sizeof(conn->public_id));
		pam_grant(a->caller);
	} else if (conn != NULL) {
		refuse(a, conn, &no_record);
	}
	attempt_free(a);
}

static void
unpack(struct attempt *a, uint8_t type, struct wire_in *in)
{
	a->result = wire_get_u8(in);
	wire_get_str(in, a->public_id, sizeof(a->public_id));
	a->counter = wire_get_u32(in);
	a->store_seq = wire_get_u64(in);
	if (type != PROTO_VERIFIED || wire_end(in) < 0)
		a->result = PROTO_OTP_FAILED;
	else if (a->store_seq > a->gw->store_seq)
		a->gw->store_seq = a->store_seq;
	/* Not only verify's word: the key must be this user's now. */
	if (a->result == PROTO_OTP_OK) {
		const struct conn *conn = conn_of(a);
		if (conn == NULL || !gate_is_key_of(a->gw, conn->user, a->public_id))
			a->result = PROTO_OTP_FOREIGN;
	}
	if (a->result != PROTO_OTP_OK && a->result != PROTO_OTP_FOREIGN &&
	    a->result != PROTO_OTP_DISABLED)
		a->store_seq = 0; /* nothing was spent */
}

static void
on_verified(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct attempt *a = arg;
	struct conn *conn;
	struct outcome o;

	if (error == 0)
		unpack(a, type, in);
	conn = conn_of(a);
	if (conn != NULL && a->result == PROTO_OTP_OK && a->caller != NULL) {
		begin_record(a, conn, "allow", NULL);
		if (audit_end_durable(a->gw->audit, on_recorded, a) == 0)
			return;
		a->result = PROTO_OTP_FAILED;
	}
	if (conn != NULL) {
		o = a->result == PROTO_OTP_OK ? nobody_waits : outcome_of(a->result);
		refuse(a, conn, &o);
	} else {
		record_orphan(a);
	}
	attempt_free(a);
}

static int
ask_verify(struct attempt *a, const struct conn *conn, const char *otp)
{
	struct gateway *gw = a->gw;
	struct wire_out *out = servant_begin(gw->verify, PROTO_VERIFY_OTP);
	size_t n, at = out->len;
	const char *const *keys = policy_keys(gw->policy, conn->user, &n);
	int err;

	if (n > PROTO_KEYS_MAX)
		n = PROTO_KEYS_MAX;
	wire_put_str(out, otp);
	wire_put_u64(out, audit_seq(gw->audit));
	wire_put_u16(out, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		wire_put_str(out, keys[i]);
	err = servant_ask(
	    gw->verify, NULL, 0, gateway_settings(gw)->verify_timeout_ms, on_verified, a);
	secret_wipe(out->buf + at, strlen(otp) + 2);
	return err;
}

void
pam_otp(struct caller *caller, struct wire_in *in)
{
	struct conn *conn = conns_by_id(caller->gw->conns, caller->conn_id);
	struct attempt *a = calloc(1, sizeof(*a));
	char otp[PROTO_OTP_MAX + 1];
	struct outcome o = outcome_of(PROTO_OTP_FAILED);

	if (conn == NULL || a == NULL) {
		free(a);
		door_close(caller);
		return;
	}
	*a = (struct attempt){
	    .caller = caller, .gw = caller->gw, .conn_id = conn->id, .uid = conn->uid};
	memcpy(a->user, conn->user, sizeof(a->user));
	door_hold(caller, &a->caller);
	wire_get_str(in, otp, sizeof(otp));
	if (wire_end(in) < 0)
		o = outcome_of(PROTO_OTP_GARBLED);
	else if (gateway_disorder(caller->gw) == NULL && ask_verify(a, conn, otp) == 0)
		a = NULL;
	secret_wipe(otp, sizeof(otp));
	if (a != NULL) {
		refuse(a, conn, &o);
		attempt_free(a);
	}
}
