/* disconnect, lock, unlock. What they do counts at once; the answer waits, for a
 * bounded time, until it is on record and on disk, and for what names knows of the
 * user. None of the three can stop it. */
#include "daemon/admin_requests.h"
#include "daemon/audit.h"
#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/locks.h"
#include "daemon/people.h"
#include "daemon/row.h"
#include "daemon/sessions.h"
#include "lib/num.h"
#include "lib/proto.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EX_FINDING 1
#define EX_USAGE   64
#define EX_TEMP    75

enum verb {
	DISCONNECT,
	LOCK,
	UNLOCK,
};

struct errand {
	struct caller *caller; /* NULL when it has gone */
	struct gateway *gw;
	enum verb verb;
	char what[PROTO_NAME_MAX + 1];   /* a user, or "c12", "ch340", "s7" */
	char reason[PROTO_TEXT_MAX + 1]; /* of a lock; "" none */
	bool is_user;
	struct conns_closed closed;
	bool was_locked;
	unsigned int waits; /* answers that are still out */
	uint64_t seq;       /* of the record; 0: not on disk yet */
	int save_error;
	bool is_kept;
	struct people_user user; /* groups are not kept */
	bool is_gated;
};

struct text {
	char at[PROTO_TEXT_MAX + 1];
	size_t len;
};

static void
add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
add(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (text->len < sizeof(text->at))
		text->len += (size_t)vsnprintf(
		    text->at + text->len, sizeof(text->at) - text->len, format, args);
	va_end(args);
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* --- the answer --------------------------------------------------------------- */

static bool
is_all(const struct errand *errand)
{
	return strcmp(errand->what, LOCK_ALL) == 0;
}

static void
add_closed(struct text *text, const struct errand *errand)
{
	const struct conns_closed *closed = &errand->closed;

	if (closed->conns > 0)
		add(text, "%zu connection%s, ", closed->conns, plural(closed->conns));
	add(text, "%zu channel%s closed", closed->channels, plural(closed->channels));
}

static void
add_seq(struct text *text, const struct errand *errand)
{
	if (errand->seq > 0)
		add(text, " (audit seq %llu)", (unsigned long long)errand->seq);
	else
		add(text, " (not on record yet: the recorder does not answer)");
}

/* What of the user an admin may not expect. */
static void
add_user(struct text *text, const struct errand *errand)
{
	const struct people_user *user = &errand->user;

	if (!errand->is_user || is_all(errand))
		return;
	if (user->status == PROTO_NAME_ABSENT)
		add(text, "; note: there is no user %s", errand->what);
	else if (user->status == PROTO_NAME_FOUND && user->uid == 0)
		add(text, "; note: that is uid 0, which has no way through the gate anyway");
	else if (user->status == PROTO_NAME_FOUND && !errand->is_gated)
		add(text, "; note: %s is not in @%s, and logs in without this gate",
		    errand->what, gateway_settings(errand->gw)->gated);
}

static uint8_t
say_disconnected(struct text *text, const struct errand *errand)
{
	if (errand->closed.conns + errand->closed.channels == 0) {
		add(text, errand->is_user ? "%s has no connection here" : "there is no %s",
		    errand->what);
		add_user(text, errand);
		return EX_FINDING;
	}
	add(text, "%s: ", errand->what);
	add_closed(text, errand);
	add_seq(text, errand);
	if (errand->is_user && locks_find(errand->gw->locks, errand->what) == NULL)
		add(text, ". The grants stand; to keep %s out: sallyport lock %s", errand->what,
		    errand->what);
	return 0;
}

static uint8_t
say_locked(struct text *text, const struct errand *errand)
{
	const char *who = is_all(errand) ? "everybody" : errand->what;
	uint8_t status = 0;

	if (errand->verb == LOCK) {
		add(text, "%s: locked%s, ", who, errand->was_locked ? " as before" : "");
		add_closed(text, errand);
	} else {
		add(text, "%s: %s", who, errand->was_locked ? "unlocked" : "was not locked");
	}
	add_seq(text, errand);
	if (errand->save_error < 0) {
		add(text, "; but it cannot be written: %s; it holds until the %s",
		    strerror(-errand->save_error),
		    errand->is_kept ? "next boot" : "daemon is started again");
		status = EX_FINDING;
	}
	add_user(text, errand);
	return status;
}

static void
one_is_in(struct errand *errand)
{
	struct text text = {.len = 0};
	uint8_t status;

	if (--errand->waits > 0)
		return;
	if (errand->caller != NULL) {
		door_hold(errand->caller, NULL);
		status = errand->verb == DISCONNECT ? say_disconnected(&text, errand)
						    : say_locked(&text, errand);
		row_end(errand->caller, status, text.at);
	}
	free(errand);
}

static void
on_saved(void *arg, int error, bool is_kept)
{
	struct errand *errand = arg;

	errand->save_error = error;
	errand->is_kept = is_kept;
	one_is_in(errand);
}

static void
on_user(void *arg, struct people_user *user)
{
	struct errand *errand = arg;
	const char *gated = gateway_settings(errand->gw)->gated;

	errand->user = *user;
	errand->user.groups = (struct conn_groups){0};
	for (size_t i = 0; i < user->groups.count; i++)
		errand->is_gated =
		    errand->is_gated || strcmp(user->groups.names[i], gated) == 0;
	one_is_in(errand);
}

/* --- what is done ------------------------------------------------------------- */

/* "c12", "ch340" or "s7"; 0 for anything else, which is a user. */
static uint32_t
read_id(const char *text, const char *letters)
{
	size_t len = strlen(letters);
	uint64_t id;

	return strncmp(text, letters, len) == 0 &&
		       num_parse(text + len, 1, UINT32_MAX, &id) == 0
		   ? (uint32_t)id
		   : 0;
}

static void
put_record(const struct errand *errand)
{
	static const char *const events[] = {"disconnect", "lock", "unlock"};
	struct audit *audit = errand->gw->audit;
	char detail[80];

	snprintf(detail, sizeof(detail), "%zu connections, %zu channels", errand->closed.conns,
	    errand->closed.channels);
	audit_begin(audit, events[errand->verb]);
	if (errand->is_user)
		audit_text(audit, AUDIT_USER, errand->what);
	else
		audit_text(audit, read_id(errand->what, "c") != 0 ? AUDIT_CONN : AUDIT_CHANNEL,
		    errand->what);
	audit_text(audit, AUDIT_REASON, errand->reason);
	audit_text(audit, AUDIT_DETAIL, detail);
}

static void
on_recorded(void *arg, int error)
{
	struct errand *errand = arg;

	errand->seq = error == 0 ? audit_seq(errand->gw->audit) : 0;
	if (error < 0) {
		put_record(errand); /* waits until it can be written */
		audit_end_noted(errand->gw->audit);
	}
	one_is_in(errand);
}

static void
record(struct errand *errand)
{
	put_record(errand);
	if (audit_end_durable(errand->gw->audit, on_recorded, errand) == 0) {
		errand->waits++;
		return;
	}
	put_record(errand);
	audit_end_noted(errand->gw->audit);
}

static void
ask_names(struct errand *errand)
{
	if (errand->is_user && !is_all(errand) &&
	    people_ask_user(errand->gw, errand->what, on_user, errand) == 0)
		errand->waits++;
}

static void
disconnect(struct errand *errand)
{
	static const char reason[] = "disconnected by the administrator";
	struct gateway *gw = errand->gw;
	uint32_t conn_id = read_id(errand->what, "c"), ch_id = read_id(errand->what, "ch");
	uint32_t s_id = read_id(errand->what, "s");
	struct conn *conn = conn_id != 0 ? conns_by_id(gw->conns, conn_id) : NULL;

	errand->is_user = conn_id == 0 && ch_id == 0;
	if (errand->is_user) {
		conns_close_user(gw->conns, errand->what, reason, &errand->closed);
		/* A user may be called s7, and goes first. */
		if (errand->closed.conns == 0 && s_id != 0 &&
		    sessions_end_one(gw->sessions, s_id, reason)) {
			errand->closed.channels = 1;
			errand->is_user = false;
		}
	} else if (conn != NULL && conn->state != CONN_ENDED) {
		errand->closed =
		    (struct conns_closed){1, channels_count_of(gw->channels, conn->id)};
		conns_close(gw->conns, conn, reason);
	} else if (ch_id != 0) {
		errand->closed.channels = channels_end_one(gw->channels, ch_id, reason);
	}
	if (errand->closed.conns + errand->closed.channels > 0)
		record(errand);
	else
		ask_names(errand);
}

static bool
set_lock(struct errand *errand)
{
	struct gateway *gw = errand->gw;

	errand->is_user = true;
	errand->was_locked = locks_find(gw->locks, errand->what) != NULL;
	if (locks_set(gw->locks, errand->what, errand->verb == LOCK, errand->reason, on_saved,
		errand) < 0)
		return false;
	errand->waits++;
	if (errand->verb == LOCK)
		conns_close_user(gw->conns, is_all(errand) ? NULL : errand->what,
		    "the user was locked", &errand->closed);
	record(errand);
	ask_names(errand);
	return true;
}

/* What is wrong with the question; NULL: nothing. */
static const char *
objection(const struct errand *errand, struct wire_in *in)
{
	if (wire_end(in) < 0 || errand->what[0] == '\0')
		return "the daemon does not understand this question: are CLI and daemon of "
		       "one version?";
	if (errand->verb == DISCONNECT)
		return NULL;
	if (!is_all(errand) && !lock_is_user(errand->what))
		return "that is no user's name";
	if (strcmp(errand->what, "root") == 0)
		return "root cannot be locked: it has no way through the gate";
	if (!lock_is_reason(errand->reason))
		return "the reason is too long, or holds control characters";
	return NULL;
}

static void
begin(struct caller *caller, struct wire_in *in, enum verb verb)
{
	struct errand *errand = calloc(1, sizeof(*errand));
	const char *wrong;

	if (errand == NULL) {
		row_end(caller, EX_TEMP, "no memory");
		return;
	}
	*errand = (struct errand){.caller = caller, .gw = caller->gw, .verb = verb};
	wire_get_str(in, errand->what, sizeof(errand->what));
	if (verb == LOCK)
		wire_get_str(in, errand->reason, sizeof(errand->reason));
	wrong = objection(errand, in);
	if (wrong != NULL) {
		row_end(caller, EX_USAGE, wrong);
		free(errand);
		return;
	}
	errand->waits = 1; /* our own, so that it lasts */
	door_hold(caller, &errand->caller);
	if (verb == DISCONNECT) {
		disconnect(errand);
	} else if (!set_lock(errand)) {
		door_hold(caller, NULL);
		row_end(caller, EX_TEMP, "no memory");
		free(errand);
		return;
	}
	one_is_in(errand);
}

void
admin_disconnect(struct caller *caller, struct wire_in *in)
{
	begin(caller, in, DISCONNECT);
}

void
admin_lock(struct caller *caller, struct wire_in *in)
{
	begin(caller, in, LOCK);
}

void
admin_unlock(struct caller *caller, struct wire_in *in)
{
	begin(caller, in, UNLOCK);
}
