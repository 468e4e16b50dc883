/* One step at a time, each after the recorder's word on the one before. */
#include "daemon/rotation.h"

#include "daemon/audit.h"
#include "daemon/logfolder.h"
#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY_S        86400
#define MIB          1048576
#define RETRY_MS     60000
#define EXPIRE_MS    3600000 /* a clock that jumped ahead shall not empty the folder */
#define STATE_MS     1000
#define NOTE_MS      60000 /* so often verify hears how far the log is, OTPs aside */
#define ROTATE_WAITS 4     /* record_timeout times that */

struct sink {
	uint8_t state; /* enum proto_sink */
	uint64_t waiting, missed;
};

/* PROTO_RECORDER_STATE. */
struct state {
	bool is_known;
	uint64_t seq, bytes, first, free, dropped;
	int64_t day;
	bool is_short;
	struct sink journal, kernel;
};

struct rotation {
	struct gateway *gw;
	const char *path;
	int folder; /* -1: not open yet */
	enum { IDLE = 0, BEGINNING, NAMING, SYNCING } step;
	bool is_asking; /* for the state */
	int64_t asked_ms, retry_ms, expire_ms, note_ms;
	uint64_t noted; /* the sequence that verify was told last */
	struct state state;
	char expiring[AUDIT_NAME_MAX]; /* its record is on its way; "": none */
};

static int64_t
today(void)
{
	return time(NULL) / DAY_S;
}

static bool
opens_folder(struct rotation *r)
{
	if (r->folder < 0)
		r->folder = open(r->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return r->folder >= 0;
}

/* --- a new file ------------------------------------------------------------- */

static void
fail(struct rotation *r, const char *what, int err)
{
	log_error("audit log: %s: %s", what, strerror(-err));
	r->step = IDLE;
	r->retry_ms = io_now_ms() + RETRY_MS;
}

/* 0, or what the recorder says, or why it says nothing. */
static int
read_done(int error, uint8_t type, struct wire_in *in)
{
	uint32_t told;

	if (error < 0)
		return error;
	if (type != PROTO_RECORD_DONE)
		return -EBADMSG;
	told = wire_get_u32(in);
	return wire_end(in) < 0 || told > INT16_MAX ? -EBADMSG : -(int)told;
}

static void
on_synced(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct rotation *r = arg;
	int err = read_done(error, type, in);

	if (err < 0)
		fail(r, "its new name is not on disk yet", err);
	r->step = err < 0 ? NAMING : IDLE;
}

/* Names must be on disk before the next file is begun: of two that are not, a power
 * cut could keep the second without the first. */
static int
sync_names(struct rotation *r)
{
	r->step = SYNCING;
	(void)servant_begin(r->gw->recorder, PROTO_RECORD_SYNC);
	return servant_ask(r->gw->recorder, NULL, 0,
	    ROTATE_WAITS * gateway_settings(r->gw)->record_timeout_ms, on_synced, r);
}

/* The recorder writes audit.jsonl.new: it gets its name. */
static void
name_it(struct rotation *r)
{
	int err = opens_folder(r) ? logfolder_finish(r->folder) : -errno;

	if (err == 0 || err == -ENOENT) /* done already; what is left is the flush */
		err = sync_names(r);
	if (err < 0) {
		fail(r, "the new file cannot be named", err);
		r->step = NAMING;
	}
}

static void
on_rotated(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct rotation *r = arg;
	int err = read_done(error, type, in);

	/* No word: the recorder's start will say which file is the one. */
	if (error < 0) {
		fail(r, "no new file could be begun", err);
		return;
	}
	if (err == 0) {
		r->state.is_known = false; /* it was the old file's */
		name_it(r);
		return;
	}
	logfolder_abandon(r->folder);
	fail(r, "no new file could be begun", err);
}

static void
begin(struct rotation *r)
{
	struct audit_name old = {.day = r->state.day, .seq = r->state.first};
	char name[AUDIT_NAME_MAX];
	struct wire_out *out;
	int fd = opens_folder(r) ? logfolder_prepare(r->folder, &old) : -errno, err;

	if (fd < 0) {
		fail(r, "no new file can be made", fd);
		return;
	}
	audit_name_format(&old, name);
	out = servant_begin(r->gw->recorder, PROTO_RECORD_ROTATE);
	wire_put_str(out, name);
	r->step = BEGINNING;
	err = servant_ask(r->gw->recorder, &fd, 1,
	    ROTATE_WAITS * gateway_settings(r->gw)->record_timeout_ms, on_rotated, r);
	close(fd);
	if (err < 0) {
		logfolder_abandon(r->folder);
		fail(r, "the recorder cannot be told of a new file", err);
	}
}

static bool
is_due(const struct rotation *r)
{
	uint64_t most = (uint64_t)gateway_settings(r->gw)->rotate_mib * MIB;

	return r->state.is_known && r->state.first > 0 &&
	       (r->state.day < today() || r->state.bytes >= most);
}

/* --- old files ---------------------------------------------------------------- */

static void
on_expiry_recorded(void *arg, int error)
{
	struct rotation *r = arg;

	if (error == 0)
		logfolder_remove(r->folder, r->expiring);
	r->expiring[0] = '\0';
}

/* At most one, the oldest; its removal is on record before. */
static void
expire(struct rotation *r)
{
	uint32_t keep = gateway_settings(r->gw)->keep_days;
	char name[AUDIT_NAME_MAX], detail[AUDIT_NAME_MAX + 64];
	int64_t day, until;

	r->expire_ms = io_now_ms() + EXPIRE_MS;
	if (keep == 0 || !opens_folder(r) ||
	    logfolder_oldest(r->folder, r->state.day, name, &day, &until) < 0 ||
	    name[0] == '\0' || until + (int64_t)keep >= today())
		return;
	memcpy(r->expiring, name, sizeof(r->expiring));
	snprintf(detail, sizeof(detail), "removes %s (keep_days %u)", name, keep);
	audit_begin(r->gw->audit, "expire");
	audit_text(r->gw->audit, AUDIT_DETAIL, detail);
	if (audit_end_durable(r->gw->audit, on_expiry_recorded, r) < 0)
		r->expiring[0] = '\0';
}

/* --- its state ------------------------------------------------------------------ */

static void
get_sink(struct wire_in *in, struct sink *sink)
{
	sink->state = wire_get_u8(in);
	sink->waiting = wire_get_u64(in);
	sink->missed = wire_get_u64(in);
}

static void
on_state(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct rotation *r = arg;
	struct state s = {.is_known = true};

	r->is_asking = false;
	r->state.is_known = false;
	if (error < 0 || type != PROTO_RECORDER_STATE)
		return;
	s.seq = wire_get_u64(in);
	s.bytes = wire_get_u64(in);
	s.first = wire_get_u64(in);
	s.day = wire_get_u32(in);
	s.free = wire_get_u64(in);
	s.is_short = wire_get_u8(in) != 0;
	s.dropped = wire_get_u64(in);
	get_sink(in, &s.journal);
	get_sink(in, &s.kernel);
	if (wire_end(in) == 0 && s.first <= INT64_MAX)
		r->state = s;
}

static void
ask_state(struct rotation *r)
{
	(void)servant_begin(r->gw->recorder, PROTO_RECORD_STATE);
	r->asked_ms = io_now_ms();
	r->is_asking =
	    servant_ask(r->gw->recorder, NULL, 0,
		ROTATE_WAITS * gateway_settings(r->gw)->record_timeout_ms, on_state, r) == 0;
}

/* The store remembers, so that a log which is cut behind the last OTP shows at the
 * next start. Never more than what is on disk: that would look like a cut. */
static void
note(struct rotation *r, int64_t now_ms)
{
	struct gateway *gw = r->gw;
	uint64_t seq = audit_seq(gw->audit);

	if (now_ms < r->note_ms || seq == r->noted || gateway_disorder(gw) != NULL)
		return;
	wire_put_u64(servant_begin(gw->verify, PROTO_VERIFY_NOTED), seq);
	if (servant_tell(gw->verify, NULL, 0) == 0)
		r->noted = seq;
	r->note_ms = now_ms + NOTE_MS;
}

/* --- from outside ----------------------------------------------------------------- */

void
rotation_on_ready(struct rotation *r, bool is_next)
{
	r->step = IDLE;
	r->state.is_known = false;
	if (!is_next && opens_folder(r))
		logfolder_abandon(r->folder);
	name_it(r);
	ask_state(r);
}

void
rotation_sweep(struct rotation *r)
{
	int64_t now_ms = io_now_ms();

	if (!servant_is_up(r->gw->recorder))
		return;
	if (!r->is_asking && now_ms >= r->asked_ms + STATE_MS)
		ask_state(r);
	note(r, now_ms);
	if (r->step == NAMING && now_ms >= r->retry_ms)
		name_it(r);
	else if (r->step == IDLE && now_ms >= r->retry_ms && is_due(r))
		begin(r);
	else if (r->step == IDLE && r->state.is_known && r->expiring[0] == '\0' &&
		 now_ms >= r->expire_ms)
		expire(r);
}

static void
put_sink(struct row *row, const char *key, const struct sink *sink)
{
	static const char *const words[] = {"off", "told", "not there"};

	row_format(row, key, "%s, %" PRIu64 " waiting, %" PRIu64 " missed",
	    sink->state < 3 ? words[sink->state] : "?", sink->waiting, sink->missed);
}

static void
put_days(struct rotation *r, struct row *row)
{
	char name[AUDIT_NAME_MAX];
	int64_t day = r->state.day, until;
	time_t at;
	struct tm tm;

	if (r->state.first == 0 || !opens_folder(r) ||
	    logfolder_oldest(r->folder, r->state.day, name, &day, &until) < 0)
		return;
	at = (time_t)((name[0] == '\0' ? r->state.day : day) * DAY_S);
	if (gmtime_r(&at, &tm) != NULL)
		row_format(row, "audit_since", "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
}

bool
rotation_put(struct rotation *r, struct row *row)
{
	const struct state *s = &r->state;

	row_format(row, "audit_file", "%s/%s", r->path, AUDIT_NAME_NOW);
	if (!s->is_known || !servant_is_up(r->gw->recorder)) {
		row_text(row, "audit_size", "the recorder has not said yet");
		return true; /* that it is down is said elsewhere */
	}
	row_format(row, "audit_size", "%" PRIu64 " bytes, %" PRIu64 " MiB free%s", s->bytes,
	    s->free / MIB, s->is_short ? " (NO ROOM: only ends are recorded)" : "");
	put_days(r, row);
	put_sink(row, "audit_journal", &s->journal);
	put_sink(row, "audit_kernel", &s->kernel);
	row_format(row, "audit_dropped", "%" PRIu64 " denials wait to be told", s->dropped);
	if (r->step == NAMING)
		row_text(
		    row, "audit_rotation", "the new file cannot be named: see the journal");
	else if (io_now_ms() < r->retry_ms)
		row_text(row, "audit_rotation", "no new file can be begun: see the journal");
	return !s->is_short && r->step != NAMING && io_now_ms() >= r->retry_ms;
}

struct rotation *
rotation_new(struct gateway *gw, const char *folder)
{
	struct rotation *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		r->gw = gw;
		r->path = folder;
		r->folder = -1;
	}
	return r;
}

void
rotation_free(struct rotation *r)
{
	if (r != NULL)
		io_close(&r->folder);
	free(r);
}
