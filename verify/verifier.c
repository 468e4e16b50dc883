/* The loop of verify. */
#include "verify/verifier.h"

#include "lib/helper.h"
#include "lib/log.h"
#include "lib/secret.h"
#include "verify/verifier_state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SEND_TIMEOUT_MS 10000

static verifier_handler on_otp, on_api, on_layouts, on_noted;

/* What the supervisor may ask. Handlers take *fd by setting it to -1. */
static const struct request {
	uint8_t type;
	bool has_fd;
	bool is_batched; /* else the open transaction is ended first */
	verifier_handler *handler;
} requests[] = {
    {PROTO_VERIFY_OTP, false, true, on_otp},
    {PROTO_VERIFY_LAYOUTS, false, true, on_layouts},
    {PROTO_VERIFY_API, false, true, on_api},
    {PROTO_VERIFY_NOTED, false, false, on_noted},
    {PROTO_KEYS_IMPORT, true, false, verifier_on_import},
    {PROTO_KEYS_LIST, false, false, verifier_on_list},
    {PROTO_KEYS_DISABLE, false, false, verifier_on_disable},
    {PROTO_KEYS_ENABLE, false, false, verifier_on_enable},
    {PROTO_KEYS_ADD_API, false, false, verifier_on_add_api},
    {PROTO_KEYS_DROP_API, false, false, verifier_on_drop_api},
    {PROTO_KEYS_RECOVER, false, false, verifier_on_recover},
    {PROTO_KEYS_CODES, false, false, verifier_on_codes},
    {PROTO_CODES_TOLD, false, false, verifier_on_told},
};

void
verifier_begin(struct verifier *v, struct wire_out *out, uint8_t type, uint32_t id)
{
	wire_out_init(out, v->out, sizeof(v->out));
	proto_put_header(out, type, id);
}

int
verifier_send(const struct wire_out *out)
{
	return out->failed ? -EMSGSIZE : helper_send(out->buf, out->len, SEND_TIMEOUT_MS);
}

int
verifier_send_done(struct verifier *v, uint32_t id, uint8_t status, const char *report)
{
	struct wire_out out;

	verifier_begin(v, &out, PROTO_KEYS_DONE, id);
	wire_put_u8(&out, status);
	wire_put_str(&out, report);
	return verifier_send(&out);
}

/* --- OTPs ------------------------------------------------------------- */

static int
read_attempt(struct attempt *attempt, struct wire_in *in, uint64_t *audit_seq,
    char user[PROTO_NAME_MAX + 1])
{
	const uint8_t *text;

	/* As bytes: whatever a user typed must not look like a broken message. */
	wire_get_bytes(in, &text, &attempt->len);
	attempt->text = text;
	*audit_seq = wire_get_u64(in);
	attempt->nids = wire_get_u16(in);
	if (attempt->nids > PROTO_KEYS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < attempt->nids; i++)
		wire_get_str(in, attempt->ids[i], sizeof(attempt->ids[i]));
	wire_get_str(in, user, PROTO_NAME_MAX + 1);
	return wire_end(in);
}

/* One more answer of this turn; in *err, whether there is a transaction for it. */
static struct answer *
add_answer(struct verifier *v, uint32_t id, uint64_t audit_seq, int *err)
{
	struct answer *answer = &v->answers[v->nanswers];

	*err = v->nanswers == 0 ? keyring_begin(v->ring) : 0;
	*answer = (struct answer){.id = id};
	v->nanswers++;
	keyring_tell_audit_seq(v->ring, audit_seq);
	return answer;
}

static int
on_otp(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	enum proto_otp found = PROTO_OTP_FAILED;
	char user[PROTO_NAME_MAX + 1];
	struct answer *answer;
	uint64_t audit_seq;
	struct code code;
	int err = read_attempt(&v->attempt, in, &audit_seq, user), tried = -ENOENT;

	(void)fd;
	if (err < 0)
		return err;
	v->attempt.layouts = v->layouts;
	v->attempt.repeat = &v->repeat;
	if (code_read(v->attempt.text, v->attempt.len, &code) == 0)
		tried = verifier_try_code(v, id, user, &code, &found);
	secret_wipe(&code, sizeof(code));
	if (tried == -EINPROGRESS) {
		keyring_tell_audit_seq(v->ring, audit_seq);
		return 0;
	}
	answer = add_answer(v, id, audit_seq, &err);
	if (tried == -EIO)
		err = tried;
	else if (err == 0 && tried == 0)
		answer->result = (struct attempt_result){.found = found};
	else if (err == 0)
		err = attempt_judge(v->ring, &v->attempt, &answer->result);
	if (err < 0)
		v->has_failed = true;
	return err;
}

static int
on_layouts(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	uint32_t layouts = wire_get_u32(in);

	(void)id;
	(void)fd;
	if (wire_end(in) < 0)
		return -EBADMSG;
	v->layouts = layouts;
	return 0;
}

static int
on_api(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	struct attempt_api api = {.id = ""};
	struct answer *answer;
	uint64_t audit_seq;
	int err;

	(void)fd;
	wire_get_str(in, api.id, sizeof(api.id));
	api.counter = wire_get_u32(in);
	audit_seq = wire_get_u64(in);
	if (wire_end(in) < 0)
		return -EBADMSG;
	answer = add_answer(v, id, audit_seq, &err);
	if (err == 0)
		err = attempt_confirm(v->ring, &api, &answer->result);
	if (err < 0)
		v->has_failed = true;
	return err;
}

static int
send_ask(struct verifier *v, const struct answer *answer)
{
	const struct attempt_result *r = &answer->result;
	struct wire_out out;
	int err;

	verifier_begin(v, &out, PROTO_VERIFY_ASK, answer->id);
	wire_put_str(&out, r->id);
	wire_put_u64(&out, r->store_seq);
	wire_put_str(&out, r->ask);
	err = verifier_send(&out);
	secret_wipe(v->out, out.len);
	return err;
}

int
verifier_send_verified(struct verifier *v, const struct answer *answer)
{
	const struct attempt_result *r = &answer->result;
	struct wire_out out;

	if (r->ask[0] != '\0')
		return send_ask(v, answer);
	verifier_begin(v, &out, PROTO_VERIFIED, answer->id);
	wire_put_u8(&out, (uint8_t)r->found);
	wire_put_str(&out, r->id);
	wire_put_u32(&out, r->counter);
	wire_put_u64(&out, r->store_seq);
	return verifier_send(&out);
}

static void
fail_all(struct verifier *v)
{
	for (size_t i = 0; i < v->nanswers; i++) {
		v->answers[i].result.found = PROTO_OTP_FAILED;
		attempt_forget(&v->answers[i].result);
		v->answers[i].result.store_seq = keyring_store_seq(v->ring);
	}
}

/* Ends the transaction, then tells. A commit that failed is not tried again:
 * after a failed flush nobody knows what is on disk. */
static int
settle(struct verifier *v)
{
	int err = 0, told = 0;
	bool is_worn = false;

	if (v->nanswers == 0)
		return 0;
	if (v->has_failed || keyring_commit(v->ring) < 0) {
		if (v->has_failed)
			keyring_rollback(v->ring);
		fail_all(v);
		err = -EIO;
	}
	for (size_t i = 0; i < v->nanswers; i++) {
		is_worn = is_worn || (v->answers[i].result.found == PROTO_OTP_OK &&
					 v->answers[i].result.counter >> 8 >= ATTEMPT_WORN_USE);
		if (told == 0)
			told = verifier_send_verified(v, &v->answers[i]);
		attempt_forget(&v->answers[i].result);
	}
	v->nanswers = 0;
	if (err == 0 && told == 0 && is_worn)
		told = verifier_tell_worn(v);
	return err < 0 ? err : told;
}

/* What the log has, between OTPs: a log that is cut behind the last OTP shows. */
static int
on_noted(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	uint64_t audit_seq = wire_get_u64(in);

	(void)id;
	(void)fd;
	return wire_end(in) < 0 ? -EBADMSG : keyring_note_audit_seq(v->ring, audit_seq);
}

/* --- loop ------------------------------------------------------------- */

static int
dispatch(struct verifier *v, size_t len, int *fds)
{
	struct proto_header header = {0};
	struct wire_in in;
	int err;

	wire_in_init(&in, v->in, len);
	if (proto_get_header(&in, &header) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const struct request *r = &requests[i];
		if (r->type != header.type)
			continue;
		if (r->has_fd != (fds[0] >= 0) || fds[1] >= 0)
			return -EBADMSG;
		if (!r->is_batched && (err = settle(v)) < 0)
			return err;
		return r->handler(v, header.id, &in, &fds[0]);
	}
	return -EBADMSG;
}

/* Takes what is waiting, at most a turn full. 0, -ESHUTDOWN when the supervisor
 * has gone, -errno. */
static int
drain(struct verifier *v)
{
	int fds[IO_FDS_MAX] = {-1, -1};
	int err = 0;

	while (err == 0 && v->nanswers < VERIFIER_TURN_MAX) {
		ssize_t n = io_receive(HELPER_FD, v->in, sizeof(v->in), fds);

		if (n == -EAGAIN)
			return 0;
		if (n == 0)
			return -ESHUTDOWN;
		err = n < 0 ? (int)n : dispatch(v, (size_t)n, fds);
		if (n > 0)
			secret_wipe(v->in, (size_t)n);
		for (size_t i = 0; i < IO_FDS_MAX; i++)
			io_close(&fds[i]);
	}
	return err;
}

static int
turn(struct verifier *v)
{
	struct pollfd p[3] = {{.fd = HELPER_FD, .events = POLLIN},
	    {.fd = v->is_importing ? -1 : v->intake.fd, .events = POLLIN},
	    {.fd = worker_fd(v->worker), .events = POLLIN}};
	int n = poll(p, 3, verifier_import_wait_ms(v)), err = 0, end;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[0].revents != 0)
		err = drain(v);
	end = settle(v);
	if (end < 0 || err < 0)
		return end < 0 ? end : err;
	if (p[2].revents != 0)
		err = verifier_codes_done(v);
	if (err == 0)
		err = verifier_import_more(v, p[1].revents != 0);
	return err < 0 ? err : keyring_tidy(v->ring);
}

static int
send_ready(struct verifier *v)
{
	struct wire_out out;

	verifier_begin(v, &out, PROTO_READY, 0);
	wire_put_u64(&out, keyring_store_seq(v->ring));
	wire_put_u64(&out, keyring_audit_seq(v->ring));
	return verifier_send(&out);
}

int
verifier_run(struct keyring *ring, struct worker *worker)
{
	struct verifier *v = calloc(1, sizeof(*v));
	int err;

	if (v == NULL)
		return -ENOMEM;
	v->ring = ring;
	v->worker = worker;
	intake_init(&v->intake);
	err = send_ready(v);
	if (err == 0)
		err = verifier_codes_tell(v);
	if (err == 0)
		err = verifier_tell_worn(v);
	while (err == 0)
		err = turn(v);
	keyimport_end(&v->import);
	intake_close(&v->intake);
	free(v);
	return helper_ended(err);
}
