/* Recovery codes: made, tried, spent, told. What is slow is done by the worker
 * (worker.h); OTPs go on meanwhile. */
#include "verify/verifier_state.h"

#include "lib/log.h"
#include "lib/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* After so many wrong tries in a row a user's codes are void; his keys are not. */
#define WRONG_MAX 10
#define MAKE_MAX  20
/* So many used codes are told of at the start. */
#define TELL_MAX 256

/* What the worker has: a code to be tried, or one of those being made. */
struct job {
	struct worker_job work; /* first: the worker hands this back */
	uint32_t id;            /* of the request */
	char user[PROTO_NAME_MAX + 1];
	uint8_t number;
	bool is_making;
};

struct making {
	uint32_t id;
	char user[PROTO_NAME_MAX + 1];
	size_t count, done;
	struct code codes[MAKE_MAX]; /* secret */
	struct code_row rows[MAKE_MAX];
};

static uint64_t
now(void)
{
	time_t at = time(NULL);

	return at > 0 ? (uint64_t)at : 0;
}

static struct job *
job_new(const char *user, uint32_t id, const struct code *code, const uint8_t salt[CRYPT_SALT])
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->id = id;
	job->number = code->number;
	memcpy(job->user, user, strlen(user) + 1);
	memcpy(job->work.secret, code->secret, CODE_CHARS);
	memcpy(job->work.salt, salt, CRYPT_SALT);
	return job;
}

static void
job_free(struct job *job)
{
	if (job != NULL)
		secret_wipe(job, sizeof(*job));
	free(job);
}

static int
give(struct verifier *v, struct job *job)
{
	int err = job != NULL ? worker_give(v->worker, &job->work) : -ENOMEM;

	if (err < 0)
		job_free(job);
	return err;
}

/* --- trying ------------------------------------------------------------------- */

/* The tally of wrong tries: 0 and *tally, -ENOENT: the user has no codes; -EIO. One
 * that can't be believed counts as full. */
static int
find_tally(struct keyring *ring, const char *user, struct code_row *tally)
{
	int err = keyring_code_find(ring, user, 0, tally);

	if (err != -EBADMSG)
		return err;
	log_error("store: a row of the recovery codes of %s is broken: refused", user);
	tally->state = WRONG_MAX;
	return 0;
}

/* What is known of a code without its secret: 0 and *row when it is worth a try. */
static int
look_up(struct keyring *ring, const char *user, uint8_t number, struct code_row *row,
    struct code_row *tally, enum proto_otp *found)
{
	int err = find_tally(ring, user, tally);

	if (err < 0)
		return err;
	*found = PROTO_OTP_CODES_OFF;
	if (tally->state >= WRONG_MAX)
		return -EPERM;
	err = keyring_code_find(ring, user, number, row);
	if (err == -EIO)
		return err;
	*found = PROTO_OTP_CODE_WRONG;
	if (err < 0)
		return -EPERM;
	*found = PROTO_OTP_CODE_SPENT;
	return row->state == CODE_UNUSED ? 0 : -EPERM;
}

int
verifier_try_code(struct verifier *v, uint32_t id, const char *user, const struct code *code,
    enum proto_otp *found)
{
	struct code_row row, tally;
	int err;

	if (!keyring_is_sound(v->ring) || !keyring_code_can_have(user))
		return -ENOENT;
	err = look_up(v->ring, user, code->number, &row, &tally, found);
	if (err < 0)
		return err == -EPERM ? 0 : err;
	if (give(v, job_new(user, id, code, row.salt)) == 0)
		return -EINPROGRESS;
	*found = PROTO_OTP_FAILED; /* too many at once: no answer */
	return 0;
}

/* In a transaction: the code is looked up anew, because another try of the same may have
 * been first. */
static int
judge(struct keyring *ring, const struct job *job, struct attempt_result *result)
{
	struct code_row row, tally;
	int err = look_up(ring, job->user, job->number, &row, &tally, &result->found);

	if (err == -ENOENT || err == -EPERM) {
		if (err == -ENOENT)
			result->found = PROTO_OTP_CODE_WRONG;
		return 0;
	}
	if (err < 0)
		return err;
	if (secret_is_equal(row.hash, job->work.hash, CRYPT_SLOW)) {
		result->found = PROTO_OTP_CODE;
		tally.state = 0;
		err = keyring_code_spend(ring, &row, now());
	} else {
		result->found = PROTO_OTP_CODE_WRONG;
		tally.state++;
	}
	if (err == 0)
		err = keyring_code_put(ring, &tally);
	if (err == 0 && tally.state >= WRONG_MAX)
		log_warn("the recovery codes of %s are void: too many wrong ones were tried",
		    job->user);
	return err;
}

static int
tell_used(struct verifier *v, const struct code_row *row)
{
	int left = keyring_code_left(v->ring, row->user);
	struct wire_out out;

	if (left < 0)
		return left;
	verifier_begin(v, &out, PROTO_CODE_USED, 0);
	wire_put_str(&out, row->user);
	wire_put_u8(&out, row->number);
	wire_put_u64(&out, row->at);
	wire_put_u16(&out, (uint16_t)left);
	return verifier_send(&out);
}

static int
finish_try(struct verifier *v, const struct job *job)
{
	struct answer answer = {.id = job->id, .result = {.found = PROTO_OTP_FAILED}};
	int err = job->work.err < 0 ? 0 : keyring_begin(v->ring), told;
	struct code_row row;

	if (err == 0 && job->work.err == 0) {
		answer.result.counter = job->number;
		err = judge(v->ring, job, &answer.result);
		if (err == 0)
			err = keyring_commit(v->ring);
		else
			keyring_rollback(v->ring);
	}
	if (err < 0)
		answer.result.found = PROTO_OTP_FAILED;
	answer.result.store_seq = keyring_store_seq(v->ring);
	told = verifier_send_verified(v, &answer);
	if (err < 0 || told < 0)
		return err < 0 ? err : told;
	if (answer.result.found != PROTO_OTP_CODE)
		return 0;
	err = keyring_code_find(v->ring, job->user, job->number, &row);
	return err == 0 ? tell_used(v, &row) : err;
}

/* --- making --------------------------------------------------------------------- */

static void
end_making(struct verifier *v)
{
	if (v->making != NULL)
		secret_wipe(v->making, sizeof(*v->making));
	free(v->making);
	v->making = NULL;
}

static int
make_next(struct verifier *v)
{
	struct making *m = v->making;
	struct code *code = &m->codes[m->done];
	uint8_t random[CODE_RANDOM + CRYPT_SALT];
	struct job *job;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	code_make(code, (uint8_t)(m->done + 1), random);
	job = job_new(m->user, m->id, code, random + CODE_RANDOM);
	secret_wipe(random, sizeof(random));
	if (job != NULL)
		job->is_making = true;
	return give(v, job);
}

/* In place of all that the user had. */
static int
store_codes(struct keyring *ring, struct making *m)
{
	struct code_row tally = {.state = 0, .at = now()};
	int err = keyring_begin(ring);

	if (err < 0)
		return err;
	memcpy(tally.user, m->user, sizeof(tally.user));
	err = keyring_code_clear(ring, m->user);
	if (err == 0 && m->count > 0)
		err = keyring_code_put(ring, &tally);
	for (size_t i = 0; err == 0 && i < m->count; i++)
		err = keyring_code_put(ring, &m->rows[i]);
	if (err == 0)
		return keyring_commit(ring);
	keyring_rollback(ring);
	return err;
}

static int
send_codes(struct verifier *v, const struct making *m)
{
	char text[CODE_TEXT_MAX + 1];
	struct wire_out out;
	int err;

	verifier_begin(v, &out, PROTO_CODES, m->id);
	wire_put_u16(&out, (uint16_t)m->count);
	for (size_t i = 0; i < m->count; i++) {
		code_write(&m->codes[i], text);
		wire_put_str(&out, text);
	}
	err = verifier_send(&out);
	secret_wipe(text, sizeof(text));
	secret_wipe(v->out, out.len);
	return err;
}

/* All are made: kept, then told. */
static int
finish_making(struct verifier *v)
{
	int err = store_codes(v->ring, v->making), told;

	told = err == 0 ? send_codes(v, v->making)
			: verifier_send_done(v, v->making->id, 1,
			      "no codes: the store failed (see the log)\n");
	end_making(v);
	return err < 0 ? err : told;
}

static int
no_codes(struct verifier *v)
{
	int told = verifier_send_done(
	    v, v->making->id, 1, "no codes: there is no memory, or too many wait\n");

	end_making(v);
	return told;
}

static int
go_on_making(struct verifier *v, const struct job *job)
{
	struct making *m = v->making;
	struct code_row *row = &m->rows[m->done];

	if (job->work.err < 0)
		return no_codes(v);
	*row = (struct code_row){.number = job->number, .state = CODE_UNUSED, .at = now()};
	memcpy(row->user, m->user, sizeof(row->user));
	memcpy(row->salt, job->work.salt, CRYPT_SALT);
	memcpy(row->hash, job->work.hash, CRYPT_SLOW);
	m->done++;
	if (m->done == m->count)
		return finish_making(v);
	return make_next(v) == 0 ? 0 : no_codes(v);
}

int
verifier_on_codes(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	char user[PROTO_NAME_MAX + 1];
	uint8_t count;

	(void)fd;
	wire_get_str(in, user, sizeof(user));
	count = wire_get_u8(in);
	if (wire_end(in) < 0 || count > MAKE_MAX)
		return -EBADMSG;
	if (!keyring_is_sound(v->ring))
		return verifier_send_done(
		    v, id, 1, "no codes: the store is broken (see the log)\n");
	if (!keyring_code_can_have(user))
		return verifier_send_done(
		    v, id, 1, "no codes: the user's name is not plain ASCII\n");
	if (v->making != NULL)
		return verifier_send_done(
		    v, id, 1, "codes are being made for another user: try again\n");
	v->making = calloc(1, sizeof(*v->making));
	if (v->making == NULL)
		return verifier_send_done(v, id, 1, "no codes: no memory\n");
	v->making->id = id;
	v->making->count = count;
	memcpy(v->making->user, user, sizeof(user));
	if (count == 0)
		return finish_making(v);
	return make_next(v) == 0 ? 0 : no_codes(v);
}

/* --- telling --------------------------------------------------------------------- */

int
verifier_codes_done(struct verifier *v)
{
	struct worker_job *work;
	int err = 0;

	while (err == 0 && (work = worker_take(v->worker)) != NULL) {
		struct job *job = (struct job *)work;
		if (!job->is_making)
			err = finish_try(v, job);
		else if (v->making != NULL)
			err = go_on_making(v, job);
		job_free(job);
	}
	return err;
}

int
verifier_codes_tell(struct verifier *v)
{
	struct code_row row = {.number = 0};
	int err = 0;

	if (!keyring_is_sound(v->ring))
		return 0;
	for (int i = 0; err == 0 && i < TELL_MAX; i++) {
		char user[PROTO_NAME_MAX + 1];
		memcpy(user, row.user, sizeof(user));
		err = keyring_code_next_used(v->ring, user, row.number, &row);
		if (err == 0)
			err = tell_used(v, &row);
		else if (err == -EBADMSG)
			err = 0;
	}
	return err == -ENOENT ? 0 : err;
}

/* The user has seen what was used: in a transaction. */
static int
mark_told(struct keyring *ring, const char *user)
{
	struct code_row row = {.number = 0};
	uint8_t number = 0;
	int err = 0;

	while (err == 0) {
		err = keyring_code_next_used(ring, user, number, &row);
		if (err != 0 || strcmp(row.user, user) != 0)
			break;
		number = row.number;
		row.state = CODE_TOLD;
		err = keyring_code_put(ring, &row);
	}
	return err == -EIO ? err : 0;
}

int
verifier_on_told(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	char user[PROTO_NAME_MAX + 1];
	int err;

	(void)id;
	(void)fd;
	wire_get_str(in, user, sizeof(user));
	if (wire_end(in) < 0)
		return -EBADMSG;
	err = keyring_begin(v->ring);
	if (err == 0)
		err = mark_told(v->ring, user);
	if (err == 0)
		return keyring_commit(v->ring);
	keyring_rollback(v->ring);
	return err;
}
