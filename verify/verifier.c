/* The loop of verify. */
#include "verify/verifier.h"

#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "lib/secret.h"
#include "verify/attempt.h"
#include "verify/intake.h"
#include "verify/keyimport.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEND_TIMEOUT_MS 10000
/* Rows of one KEYS message: each takes at most 112 bytes. */
#define PAGE_ROWS 400
/* Characters of a public id that a validation service takes. */
#define API_ID_MAX 16

struct answer {
	uint32_t id; /* of the request */
	struct attempt_result result;
};

struct verifier {
	struct keyring *ring;
	struct answer answers[VERIFIER_TURN_MAX]; /* to give after the commit */
	size_t nanswers;                          /* > 0: a transaction is open */
	bool has_failed;                          /* the store, in this turn */

	struct intake intake; /* the key file that is being read */
	uint32_t import_id;
	bool import_is_dry, is_importing;
	struct keyimport import;

	uint32_t layouts; /* as in struct attempt */
	struct attempt attempt;
	uint8_t in[IO_MESSAGE_MAX], out[IO_MESSAGE_MAX];
};

typedef int
handler_fn(struct verifier *v, uint32_t id, struct wire_in *in, int *fd);

static handler_fn on_otp, on_api, on_layouts, on_import, on_list, on_disable, on_add_api;

/* What the supervisor may ask. Handlers take *fd by setting it to -1. */
static const struct request {
	uint8_t type;
	bool has_fd;
	bool is_batched; /* else the open transaction is ended first */
	handler_fn *handler;
} requests[] = {
    {PROTO_VERIFY_OTP, false, true, on_otp},
    {PROTO_VERIFY_LAYOUTS, false, true, on_layouts},
    {PROTO_VERIFY_API, false, true, on_api},
    {PROTO_KEYS_IMPORT, true, false, on_import},
    {PROTO_KEYS_LIST, false, false, on_list},
    {PROTO_KEYS_DISABLE, false, false, on_disable},
    {PROTO_KEYS_ADD_API, false, false, on_add_api},
};

static void
begin_answer(struct verifier *v, struct wire_out *out, uint8_t type, uint32_t id)
{
	wire_out_init(out, v->out, sizeof(v->out));
	proto_put_header(out, type, id);
}

static int
send_answer(const struct wire_out *out)
{
	return out->failed ? -EMSGSIZE : helper_send(out->buf, out->len, SEND_TIMEOUT_MS);
}

static int
send_done(struct verifier *v, uint32_t id, uint8_t status, const char *report)
{
	struct wire_out out;

	begin_answer(v, &out, PROTO_KEYS_DONE, id);
	wire_put_u8(&out, status);
	wire_put_str(&out, report);
	return send_answer(&out);
}

/* --- OTPs ------------------------------------------------------------- */

static int
read_attempt(struct attempt *attempt, struct wire_in *in, uint64_t *audit_seq)
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
	struct answer *answer;
	uint64_t audit_seq;
	int err = read_attempt(&v->attempt, in, &audit_seq);

	(void)fd;
	if (err < 0)
		return err;
	v->attempt.layouts = v->layouts;
	answer = add_answer(v, id, audit_seq, &err);
	if (err == 0)
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
	if (wire_end(in) < 0 || api.counter > OTP_COUNTER_MAX)
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

	begin_answer(v, &out, PROTO_VERIFY_ASK, answer->id);
	wire_put_str(&out, r->id);
	wire_put_u64(&out, r->store_seq);
	wire_put_str(&out, r->ask);
	err = send_answer(&out);
	secret_wipe(v->out, out.len);
	return err;
}

static int
send_verified(struct verifier *v, const struct answer *answer)
{
	const struct attempt_result *r = &answer->result;
	struct wire_out out;

	if (r->ask[0] != '\0')
		return send_ask(v, answer);
	begin_answer(v, &out, PROTO_VERIFIED, answer->id);
	wire_put_u8(&out, (uint8_t)r->found);
	wire_put_str(&out, r->id);
	wire_put_u32(&out, r->counter);
	wire_put_u64(&out, r->store_seq);
	return send_answer(&out);
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

	if (v->nanswers == 0)
		return 0;
	if (v->has_failed || keyring_commit(v->ring) < 0) {
		if (v->has_failed)
			keyring_rollback(v->ring);
		fail_all(v);
		err = -EIO;
	}
	for (size_t i = 0; i < v->nanswers; i++) {
		if (told == 0)
			told = send_verified(v, &v->answers[i]);
		attempt_forget(&v->answers[i].result);
	}
	v->nanswers = 0;
	return err < 0 ? err : told;
}

/* --- keys ------------------------------------------------------------- */

static int
on_import(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	uint8_t flags = wire_get_u8(in);
	int err, passed = *fd;

	if (wire_end(in) < 0 || flags > 1)
		return -EBADMSG;
	if (v->intake.fd >= 0)
		return send_done(v, id, 1, "another import is under way: try again\n");
	*fd = -1;
	err = intake_open(&v->intake, passed);
	if (err == -EINVAL)
		return send_done(v, id, 1, "keys are read from a file or a pipe only\n");
	if (err < 0)
		return send_done(v, id, 1, "no memory for the keys\n");
	v->import_id = id;
	v->import_is_dry = flags & 1;
	return 0;
}

static const char *
intake_trouble(int err)
{
	if (err == -EFBIG)
		return "nothing imported: more than 16 MiB\n";
	if (err == -ETIMEDOUT)
		return "nothing imported: the keys did not come within 60 s\n";
	return "nothing imported: the keys cannot be read\n";
}

/* err is of keyimport_begin or keyimport_step. */
static int
import_goes_on(struct verifier *v, int err)
{
	struct keyimport *import = &v->import;
	int told;

	v->is_importing = err == -EAGAIN;
	if (v->is_importing)
		return 0;
	keyimport_end(import);
	intake_close(&v->intake);
	told = send_done(v, v->import_id, import->status, import->report);
	if (err == 0 && import->status == 0 && !v->import_is_dry)
		log_info(
		    "keys imported: %zu; counters raised: %zu", import->keys, import->counters);
	return err < 0 ? err : told;
}

static int
read_more(struct verifier *v)
{
	int err = intake_read(&v->intake);

	if (err == -EAGAIN)
		return 0;
	if (err < 0) {
		intake_close(&v->intake);
		return send_done(v, v->import_id, 1, intake_trouble(err));
	}
	return import_goes_on(v, keyimport_begin(&v->import, v->ring, v->intake.text,
				     v->intake.len, v->import_is_dry));
}

static uint8_t
state_of(const struct row *row, int err)
{
	if (err < 0 || row->state == ROW_NONE || row->state > ROW_DELETED)
		return PROTO_KEY_BROKEN;
	return row->state == ROW_ACTIVE ? PROTO_KEY_ACTIVE : PROTO_KEY_DISABLED;
}

static void
put_row(struct wire_out *out, const struct row *row, uint8_t state)
{
	bool is_deleted = state == PROTO_KEY_DISABLED && row->state == ROW_DELETED;
	char note[ROW_NOTE_MAX + 8];

	snprintf(note, sizeof(note), "%s%s%s", row->kind == ROW_KIND_API ? "API" : "",
	    row->kind == ROW_KIND_API && row->note[0] != '\0' ? ": " : "", row->note);
	wire_put_str(out, row->id);
	wire_put_u8(out, state);
	wire_put_u32(out, row->counter);
	wire_put_u64(out, row->created);
	wire_put_str(out, is_deleted ? "deleted" : note);
}

static int
on_list(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	char after[OTP_ID_MAX + 1];
	struct row row;
	struct wire_out out, head;
	uint16_t n = 0;
	int err;

	(void)fd;
	wire_get_str(in, after, sizeof(after));
	if (wire_end(in) < 0)
		return -EBADMSG;
	begin_answer(v, &out, PROTO_KEYS, id);
	head = out; /* writes "more" and n once they are known */
	wire_put_u8(&out, 0);
	wire_put_u16(&out, 0);
	while ((err = keyring_next(v->ring, after, &row)) == 0 || err == -EBADMSG) {
		if (n == PAGE_ROWS)
			break;
		put_row(&out, &row, state_of(&row, err));
		memcpy(after, row.id, sizeof(after));
		n++;
	}
	if (err < 0 && err != -ENOENT && err != -EBADMSG)
		return err;
	wire_put_u8(&head, err != -ENOENT);
	wire_put_u16(&head, n);
	return send_answer(&out);
}

/* 0; -EEXIST, -EINVAL: the store is not sound; -EIO. */
static int
add_api(struct keyring *ring, const char *key, const char *note)
{
	int err = keyring_begin(ring);

	if (err < 0)
		return err;
	err = keyring_add_api(ring, key, note, (uint64_t)time(NULL));
	if (err == 0)
		return keyring_commit(ring);
	keyring_rollback(ring);
	return err;
}

static int
on_add_api(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	char key[OTP_ID_MAX + 1], note[ROW_NOTE_MAX + 1];
	size_t len;
	int err, told;

	(void)fd;
	wire_get_str(in, key, sizeof(key));
	wire_get_str(in, note, sizeof(note));
	len = strlen(key);
	if (wire_end(in) < 0)
		return -EBADMSG;
	/* Validation services know no longer ids. */
	if (len < 2 || len > API_ID_MAX || len % 2 != 0 || !otp_is_modhex(key, len))
		return send_done(v, id, 1, "a public id there has 2 to 16 modhex characters\n");
	err = add_api(v->ring, key, note);
	if (err == 0)
		return send_done(v, id, 0, "");
	if (err == -EEXIST || err == -ENOTUNIQ)
		return send_done(v, id, 1, "the key is in the store already\n");
	told = send_done(v, id, 1, "the store failed (see the log)\n");
	return told < 0 || err == -EINVAL ? told : err;
}

/* 0, -ENOENT, -EBADMSG, -EIO. */
static int
disable(struct keyring *ring, const char *key)
{
	struct row row;
	int err = keyring_begin(ring);

	if (err < 0)
		return err;
	err = keyring_find(ring, key, &row);
	if (err == 0 && row.state == ROW_ACTIVE)
		err = keyring_set_state(ring, &row, ROW_DISABLED);
	if (err == 0)
		return keyring_commit(ring);
	keyring_rollback(ring);
	return err;
}

static int
on_disable(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	char key[OTP_ID_MAX + 1];
	int err, told;

	(void)fd;
	wire_get_str(in, key, sizeof(key));
	if (wire_end(in) < 0)
		return -EBADMSG;
	err = disable(v->ring, key);
	if (err == -ENOENT)
		return send_done(v, id, 1, "there is no such key\n");
	if (err == -EBADMSG)
		return send_done(v, id, 1, "the key's row is broken: it is refused anyway\n");
	if (err == 0)
		return send_done(v, id, 0, "");
	told = send_done(v, id, 1, "the store failed (see the log)\n");
	return told < 0 ? told : err;
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
wait_ms(const struct verifier *v)
{
	int64_t left = v->intake.deadline_ms - io_now_ms();

	if (v->is_importing)
		return 0;
	if (v->intake.fd < 0)
		return -1; /* for the supervisor, whose end is also an event */
	return left < 0 ? 0 : (int)left;
}

static int
turn(struct verifier *v)
{
	struct pollfd p[2] = {{.fd = HELPER_FD, .events = POLLIN},
	    {.fd = v->is_importing ? -1 : v->intake.fd, .events = POLLIN}};
	int n = poll(p, 2, wait_ms(v)), err = 0, end;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[0].revents != 0)
		err = drain(v);
	end = settle(v);
	if (end < 0 || err < 0)
		return end < 0 ? end : err;
	if (v->is_importing)
		err = import_goes_on(v, keyimport_step(&v->import));
	else if (p[1].revents != 0 || wait_ms(v) == 0)
		err = read_more(v);
	return err < 0 ? err : keyring_tidy(v->ring);
}

static int
send_ready(struct verifier *v)
{
	struct wire_out out;

	begin_answer(v, &out, PROTO_READY, 0);
	wire_put_u64(&out, keyring_store_seq(v->ring));
	wire_put_u64(&out, keyring_audit_seq(v->ring));
	return send_answer(&out);
}

static bool
is_gone(int err)
{
	return err == -ESHUTDOWN || err == -EPIPE || err == -ECONNRESET;
}

int
verifier_run(struct keyring *ring)
{
	struct verifier *v = calloc(1, sizeof(*v));
	int err;

	if (v == NULL)
		return -ENOMEM;
	v->ring = ring;
	intake_init(&v->intake);
	err = send_ready(v);
	while (err == 0)
		err = turn(v);
	keyimport_end(&v->import);
	intake_close(&v->intake);
	free(v);
	if (is_gone(err))
		return 0;
	log_error(
	    err == -EBADMSG ? "the supervisor sent a malformed message" : "cannot go on: %s",
	    strerror(-err));
	return err;
}
