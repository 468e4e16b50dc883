/* Packs records; the recorder numbers, chains and flushes them. */
#include "daemon/audit.h"

#include "daemon/backlog.h"
#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DENIALS_PER_S 10
#define SLOTS         256
#define PROBES        8 /* places where one who is looked for may be */

#define RETRY_MS 2000 /* of what the recorder could not write */

#define NAMES (UINT64_C(1) << 32) /* above every uid */

/* Denials of one uid (or name) in the running second. */
struct tally {
	bool is_used;
	uint64_t who;
	int64_t second;
	unsigned int written;
	uint64_t held; /* counted, not written */
};

struct audit {
	struct gateway *gw;
	struct wire_out *out;
	size_t durable_at, count_at;
	uint16_t fields;
	uint64_t seq;
	struct tally tallies[SLOTS];
	struct tally rest; /* of those for whom there was no place */
	struct backlog backlog;
	bool is_draining;    /* the oldest of the backlog is on its way */
	int64_t retry_at_ms; /* not before, when the recorder could not write */
};

struct pending {
	struct audit *audit;
	audit_done_fn *fn;
	void *arg;
};

struct audit *
audit_new(struct gateway *gw)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit == NULL)
		return NULL;
	audit->gw = gw;
	backlog_init(&audit->backlog);
	return audit;
}

void
audit_free(struct audit *audit)
{
	if (audit == NULL)
		return;
	if (audit->backlog.count > 0)
		log_error("audit: %zu records were never written", audit->backlog.count);
	backlog_free(&audit->backlog);
	free(audit);
}

void
audit_begin(struct audit *audit, const char *event)
{
	audit->out = servant_begin(audit->gw->recorder, PROTO_RECORD);
	audit->durable_at = audit->out->len;
	wire_put_u8(audit->out, 0);
	audit->count_at = audit->out->len;
	wire_put_u16(audit->out, 0);
	audit->fields = 0;
	audit_text(audit, AUDIT_EVENT, event);
}

void
audit_text(struct audit *audit, enum audit_field field, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	wire_put_u8(audit->out, (uint8_t)field);
	wire_put_u8(audit->out, 1);
	wire_put_str(audit->out, text);
	audit->fields++;
}

void
audit_number(struct audit *audit, enum audit_field field, uint64_t value)
{
	wire_put_u8(audit->out, (uint8_t)field);
	wire_put_u8(audit->out, 0);
	wire_put_u64(audit->out, value);
	audit->fields++;
}

void
audit_conn(struct audit *audit, const struct conn *conn)
{
	char id[16];

	snprintf(id, sizeof(id), "c%u", conn->id);
	audit_text(audit, AUDIT_USER, conn->user);
	audit_number(audit, AUDIT_UID, conn->uid);
	audit_text(audit, AUDIT_SOURCE, conn->source);
	audit_text(audit, AUDIT_CONN, id);
	audit_text(audit, AUDIT_SSH_KEY, conn->ssh_key);
	audit_text(audit, AUDIT_KEY, conn->public_id);
}

static void
seal(struct audit *audit, bool is_durable)
{
	struct wire_out *out = audit->out;

	if (out->failed)
		return;
	out->buf[audit->durable_at] = is_durable;
	out->buf[audit->count_at] = (uint8_t)(audit->fields >> 8);
	out->buf[audit->count_at + 1] = (uint8_t)audit->fields;
}

static void
on_recorded(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct pending *pending = arg;
	uint64_t seq = 0;

	if (error == 0 && type == PROTO_RECORDED) {
		error = -(int)wire_get_u32(in);
		seq = wire_get_u64(in);
		if (wire_end(in) < 0)
			error = -EBADMSG;
	} else if (error == 0) {
		error = -EBADMSG;
	}
	if (error == 0)
		audit_set_seq(pending->audit, seq);
	else if (error != -ECANCELED) /* we end: the recorder writes what it has */
		log_error("audit: a record could not be written: %s", strerror(-error));
	pending->fn(pending->arg, error);
	free(pending);
}

int
audit_end_durable(struct audit *audit, audit_done_fn *fn, void *arg)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	int err = -ENOMEM;

	if (pending != NULL) {
		seal(audit, true);
		*pending = (struct pending){.audit = audit, .fn = fn, .arg = arg};
		err = servant_ask(audit->gw->recorder, NULL, 0,
		    gateway_settings(audit->gw)->record_timeout_ms, on_recorded, pending);
	}
	if (err < 0) {
		log_error("audit: no record could be sent: %s", strerror(-err));
		free(pending);
	}
	return err;
}

/* --- what may wait ----------------------------------------------------------- */

/* A record on its way that is kept until it is on disk. */
struct kept {
	struct audit *audit;
	struct backlog_record *record;
};

static void
drain(struct audit *audit);

static void
on_kept(void *arg, int error)
{
	struct kept kept = *(struct kept *)arg;
	struct audit *audit = kept.audit;

	free(arg);
	audit->is_draining = false;
	if (error < 0) {
		backlog_unpop(&audit->backlog, kept.record);
		audit->retry_at_ms = io_now_ms() + RETRY_MS;
		return;
	}
	free(kept.record);
	drain(audit);
}

static void
put_time(struct audit *audit, time_t at)
{
	char text[32];
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL) {
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		audit_text(audit, AUDIT_AT, text);
	}
}

/* Begins the message anew from what was kept of it. */
static void
begin_again(struct audit *audit, const struct backlog_record *record)
{
	struct wire_out *out = servant_begin(audit->gw->recorder, PROTO_RECORD);

	audit->out = out;
	audit->durable_at = out->len;
	audit->count_at = out->len + 1;
	if (record->len > out->cap - out->len) {
		out->failed = true;
		return;
	}
	memcpy(out->buf + out->len, record->bytes, record->len);
	out->len += record->len;
	audit->fields =
	    (uint16_t)(out->buf[audit->count_at] << 8 | out->buf[audit->count_at + 1]);
	put_time(audit, record->at);
}

/* Denials go as they always do, without an answer; an end is waited for. False when
 * it could not be sent. */
static bool
send_kept(struct audit *audit, struct backlog_record *record)
{
	struct kept *kept;

	begin_again(audit, record);
	if (!record->is_end) {
		seal(audit, false);
		if (servant_tell(audit->gw->recorder, NULL, 0) < 0)
			return false;
		free(record);
		return true;
	}
	kept = calloc(1, sizeof(*kept));
	if (kept == NULL)
		return false;
	*kept = (struct kept){.audit = audit, .record = record};
	audit->is_draining = true;
	if (audit_end_durable(audit, on_kept, kept) == 0)
		return true;
	audit->is_draining = false;
	free(kept);
	return false;
}

static void
write_lost(struct audit *audit, uint64_t *lost, const char *event, const char *reason)
{
	uint64_t count = *lost;

	if (count == 0)
		return;
	*lost = 0;
	audit_begin(audit, event);
	audit_text(audit, AUDIT_REASON, reason);
	audit_number(audit, AUDIT_COUNT, count);
	audit_end_noted(audit);
}

static void
drain(struct audit *audit)
{
	struct backlog_record *record;

	while (!audit->is_draining && servant_is_up(audit->gw->recorder) &&
	       (record = backlog_pop(&audit->backlog)) != NULL) {
		if (send_kept(audit, record))
			continue;
		backlog_unpop(&audit->backlog, record);
		audit->retry_at_ms = io_now_ms() + RETRY_MS;
		return;
	}
	if (audit->is_draining || audit->backlog.count > 0)
		return;
	write_lost(audit, &audit->backlog.lost_denials, "deny",
	    "denials that could not be kept until they could be written, summed");
	write_lost(audit, &audit->backlog.lost_ends, "lost",
	    "records of ends that could not be kept until they could be written");
}

/* Puts what was packed behind those that wait. */
static void
keep(struct audit *audit, bool is_end)
{
	const struct wire_out *out = audit->out;

	seal(audit, is_end);
	if (!out->failed)
		backlog_push(&audit->backlog, out->buf + audit->durable_at,
		    out->len - audit->durable_at, is_end, time(NULL));
	else
		log_error("audit: a record was too long");
}

static bool
must_wait(const struct audit *audit)
{
	return audit->is_draining || audit->backlog.count > 0 ||
	       !servant_is_up(audit->gw->recorder);
}

static void
on_noted(void *arg, int error)
{
	struct kept kept = *(struct kept *)arg;
	struct backlog *backlog = &kept.audit->backlog;

	free(arg);
	if (error < 0 && error != -ECANCELED) {
		backlog_push(
		    backlog, kept.record->bytes, kept.record->len, true, kept.record->at);
		kept.audit->retry_at_ms = io_now_ms() + RETRY_MS;
	}
	free(kept.record);
}

/* What is on its way when the recorder ends is written again. */
static int
send_noted(struct audit *audit)
{
	struct kept *kept = calloc(1, sizeof(*kept));
	size_t len = audit->out->len - audit->durable_at;
	int err = -ENOMEM;

	if (kept == NULL || audit->out->failed ||
	    (kept->record = malloc(sizeof(*kept->record) + len)) == NULL)
		goto out;
	seal(audit, true);
	*kept->record = (struct backlog_record){.is_end = true, .at = time(NULL), .len = len};
	memcpy(kept->record->bytes, audit->out->buf + audit->durable_at, len);
	kept->audit = audit;
	err = audit_end_durable(audit, on_noted, kept);
	if (err == 0)
		return 0;
	free(kept->record);
out:
	free(kept);
	return err;
}

void
audit_end_noted(struct audit *audit)
{
	if (must_wait(audit) || send_noted(audit) < 0)
		keep(audit, true);
}

void
audit_end_plain(struct audit *audit)
{
	if (!must_wait(audit)) {
		seal(audit, false);
		if (servant_tell(audit->gw->recorder, NULL, 0) == 0)
			return;
	}
	keep(audit, false);
}

void
audit_resume(struct audit *audit)
{
	audit->retry_at_ms = 0;
	drain(audit);
}

void
audit_waiting(const struct audit *audit, size_t *count, uint64_t *lost)
{
	*count = audit->backlog.count + audit->is_draining;
	*lost = audit->backlog.lost_denials + audit->backlog.lost_ends;
}

/* --- denials ------------------------------------------------------------------ */

static void
write_held(struct audit *audit, struct tally *t)
{
	if (t->held == 0)
		return;
	audit_begin(audit, "deny");
	if (t->who < (uid_t)-1)
		audit_number(audit, AUDIT_UID, t->who);
	audit_text(audit, AUDIT_VERDICT, "deny");
	audit_text(audit, AUDIT_REASON, "more of the same user's denials, summed");
	audit_number(audit, AUDIT_COUNT, t->held);
	audit_end_plain(audit);
	t->held = 0;
}

uint64_t
audit_name_key(const char *name)
{
	uint64_t hash = 5381;

	for (; *name != '\0'; name++)
		hash = (hash * 33 + (unsigned char)*name) & UINT32_MAX;
	return NAMES | hash;
}

/* The tally of who: his own, else one that nobody has used in this second. NULL when
 * all his places are taken: then he is only counted, with the others like him. */
static struct tally *
find_tally(struct audit *audit, uint64_t who, int64_t second)
{
	struct tally *idle = NULL;

	for (size_t i = 0; i < PROBES; i++) {
		struct tally *t = &audit->tallies[(who + i) % SLOTS];
		if (t->is_used && t->who == who)
			return t;
		if (idle == NULL && (!t->is_used || t->second != second))
			idle = t;
	}
	if (idle != NULL) {
		write_held(audit, idle);
		*idle = (struct tally){.is_used = true, .who = who, .second = second};
	}
	return idle;
}

bool
audit_may_deny(struct audit *audit, uint64_t who, uint64_t *count)
{
	int64_t second = io_now_ms() / 1000;
	struct tally *t = find_tally(audit, who, second);

	if (t == NULL) {
		audit->rest.who = NAMES;
		audit->rest.second = second;
		audit->rest.held++;
		return false;
	}
	if (t->second != second) {
		t->second = second;
		t->written = 0;
	}
	if (t->written >= DENIALS_PER_S) {
		t->held++;
		return false;
	}
	t->written++;
	*count = t->held + 1;
	t->held = 0;
	return true;
}

static void
write_sums(struct audit *audit, int64_t before)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (audit->tallies[i].held > 0 && audit->tallies[i].second < before)
			write_held(audit, &audit->tallies[i]);
	if (audit->rest.held > 0 && audit->rest.second < before)
		write_held(audit, &audit->rest);
}

void
audit_sweep(struct audit *audit)
{
	write_sums(audit, io_now_ms() / 1000);
	if (io_now_ms() >= audit->retry_at_ms)
		drain(audit);
}

void
audit_write_sums(struct audit *audit)
{
	write_sums(audit, INT64_MAX);
}

uint64_t
audit_seq(const struct audit *audit)
{
	return audit->seq;
}

void
audit_set_seq(struct audit *audit, uint64_t seq)
{
	if (seq > audit->seq)
		audit->seq = seq;
}
