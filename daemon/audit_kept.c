/* Records of ends and denials that cannot be written now: kept in the backlog, and
 * written in their order once the recorder can. And ends that are held for a moment, so
 * that they need no flush of their own. */
#include "daemon/audit_state.h"

#include "daemon/kept_channels.h"
#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_MS 2000 /* of what the recorder could not write */
#define HOLD_MS  10
#define HOLD_MAX 64

/* A record on its way that is kept until it is on disk. */
struct kept {
	struct audit *audit;
	struct backlog_record *record;
};

/* Nothing of ours waits here any more: the recorder writes it even if we are killed. */
static void
settle(struct audit *audit)
{
	if (!audit->is_draining && audit->backlog.count + audit->held.count == 0)
		kept_channels_settle(audit->gw->kept);
}

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
	audit_drain(audit);
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
begin_anew(struct audit *audit, const struct backlog_record *record)
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
}

/* Denials go as they always do, without an answer; an end is waited for. False when
 * it could not be sent. */
static bool
send_kept(struct audit *audit, struct backlog_record *record)
{
	struct kept *kept;

	begin_anew(audit, record);
	put_time(audit, record->at);
	audit_seal(audit, record->is_end ? PROTO_KEEP_DURABLE : PROTO_KEEP);
	if (!record->is_end) {
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
	if (audit_send(audit, on_kept, kept) == 0)
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

void
audit_drain(struct audit *audit)
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
	settle(audit);
}

/* Puts what was packed behind those that wait. */
static void
keep(struct audit *audit, bool is_end)
{
	const struct wire_out *out = audit->out;

	audit_seal(audit, is_end ? PROTO_KEEP_DURABLE : PROTO_KEEP);
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
send_noted(struct audit *audit, time_t at, enum proto_keep keep)
{
	struct kept *kept = calloc(1, sizeof(*kept));
	size_t len = audit->out->len - audit->durable_at;
	int err = -ENOMEM;

	if (kept == NULL || audit->out->failed ||
	    (kept->record = malloc(sizeof(*kept->record) + len)) == NULL)
		goto out;
	audit_seal(audit, keep);
	*kept->record = (struct backlog_record){.is_end = true, .at = at, .len = len};
	memcpy(kept->record->bytes, audit->out->buf + audit->durable_at, len);
	kept->audit = audit;
	err = audit_send(audit, on_noted, kept);
	if (err == 0)
		return 0;
	free(kept->record);
out:
	free(kept);
	return err;
}

static void
release(struct audit *audit, enum proto_keep keep)
{
	struct backlog_record *record;

	while ((record = backlog_pop(&audit->held)) != NULL) {
		begin_anew(audit, record);
		if (must_wait(audit) || send_noted(audit, record->at, keep) < 0)
			backlog_push(
			    &audit->backlog, record->bytes, record->len, true, record->at);
		free(record);
	}
	audit->backlog.lost_ends += audit->held.lost_ends;
	audit->held.lost_ends = 0;
	settle(audit);
}

/* There is one buffer for what is packed: it is put aside meanwhile. */
void
audit_let_go(struct audit *audit, enum proto_keep keep)
{
	const struct wire_out *out = audit->out;
	size_t len = out->len - audit->durable_at;
	struct backlog_record *own;

	if (audit->held.count == 0 || out->failed)
		return;
	audit_seal(audit, PROTO_KEEP_DURABLE);
	own = malloc(sizeof(*own) + len);
	if (own == NULL)
		return; /* it goes first, then */
	*own = (struct backlog_record){.len = len};
	memcpy(own->bytes, out->buf + audit->durable_at, len);
	release(audit, keep);
	begin_anew(audit, own);
	free(own);
}

static void
on_held_long(void *arg, int fd, unsigned int events)
{
	(void)fd;
	(void)events;
	release(arg, PROTO_KEEP_DURABLE);
}

static bool
is_timed(struct audit *audit)
{
	if (audit->hold_timer == NULL)
		audit->hold_timer = loop_timer(audit->gw->loop, on_held_long, audit);
	return audit->hold_timer != NULL &&
	       (audit->held.count > 0 || loop_timer_set(audit->hold_timer, HOLD_MS) == 0);
}

void
audit_end_soon(struct audit *audit)
{
	const struct wire_out *out = audit->out;

	if (must_wait(audit) || out->failed || audit->held.count >= HOLD_MAX ||
	    !is_timed(audit)) {
		audit_end_noted(audit);
		return;
	}
	audit_seal(audit, PROTO_KEEP_DURABLE);
	backlog_push(&audit->held, out->buf + audit->durable_at, out->len - audit->durable_at,
	    true, time(NULL));
}

void
audit_end_noted(struct audit *audit)
{
	audit_let_go(audit, PROTO_KEEP_BEFORE);
	if (must_wait(audit) || send_noted(audit, time(NULL), PROTO_KEEP_DURABLE) < 0)
		keep(audit, true);
	settle(audit);
}

void
audit_end_plain(struct audit *audit)
{
	audit_let_go(audit, PROTO_KEEP_DURABLE);
	if (!must_wait(audit)) {
		audit_seal(audit, PROTO_KEEP);
		if (servant_tell(audit->gw->recorder, NULL, 0) == 0)
			return;
	}
	keep(audit, false);
}

void
audit_resume(struct audit *audit)
{
	audit->retry_at_ms = 0;
	audit_drain(audit);
}

void
audit_waiting(const struct audit *audit, size_t *count, uint64_t *lost)
{
	*count = audit->backlog.count + audit->is_draining;
	*lost = audit->backlog.lost_denials + audit->backlog.lost_ends;
}
