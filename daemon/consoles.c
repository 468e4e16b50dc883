/* The list of consoles, and the one timer that moves them on. */
#include "daemon/consoles.h"

#include "daemon/channel_record.h"
#include "daemon/channel_tell.h"
#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/counts.h"
#include "daemon/seat_plan.h"
#include "daemon/unfinished.h"
#include "lib/io.h"
#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS    3000  /* for the one before to be gone */
#define SETTLE_MS  200   /* for the VM to notice that it is */
#define SESSION_MS 10000 /* from the link to its session: a ticket may be slow to come */
#define COUNT_MS   60000 /* at most, between two looks whether somebody uses it */

struct consoles {
	struct gateway *gw;
	LIST_HEAD(, console) list;
	struct unfinished *unfinished;
	struct loop_watch *timer;
	int64_t counted_ms; /* the last look */
};

static void
on_timer(void *arg, int fd, unsigned int events);

struct consoles *
consoles_new(struct gateway *gw)
{
	struct consoles *consoles = calloc(1, sizeof(*consoles));

	if (consoles == NULL)
		return NULL;
	consoles->gw = gw;
	LIST_INIT(&consoles->list);
	consoles->unfinished = unfinished_new();
	consoles->timer = loop_timer(gw->loop, on_timer, consoles);
	if (consoles->unfinished == NULL || consoles->timer == NULL) {
		consoles_free(consoles);
		return NULL;
	}
	return consoles;
}

static void
drop(struct console *console)
{
	LIST_REMOVE(console, link);
	free(console);
}

void
consoles_free(struct consoles *consoles)
{
	struct console *console;

	if (consoles == NULL)
		return;
	while ((console = LIST_FIRST(&consoles->list)) != NULL)
		drop(console);
	unfinished_free(consoles->unfinished);
	loop_watch_free(consoles->timer);
	free(consoles);
}

static void
finish(struct consoles *consoles, struct console *console)
{
	if (console->is_recorded) {
		channel_record_console(consoles->gw, console);
		channel_tell_console(consoles->gw, console);
	}
	drop(console);
}

void
consoles_stop(struct consoles *consoles)
{
	struct console *console;

	while (consoles != NULL && (console = LIST_FIRST(&consoles->list)) != NULL)
		finish(consoles, console);
}

/* Whatever has changed, the timer looks at it. */
static void
kick(struct consoles *consoles)
{
	(void)loop_timer_set(consoles->timer, 0);
}

static void
enter(struct console *console, enum console_state state)
{
	console->state = state;
	console->state_ms = io_now_ms();
}

/* The seat is free from now on. */
static void
leave(struct consoles *consoles, struct console *console, const char *reason)
{
	if (console->state != CONSOLE_LEAVING) {
		enter(console, CONSOLE_LEAVING);
		snprintf(console->reason, sizeof(console->reason), "%s", reason);
	}
	kick(consoles);
}

/* --- who has it, and who gets it ------------------------------------------------- */

static bool
is_at(const struct console *console, const char *vm, enum console_kind kind)
{
	return console_is_same_seat(console->kind, kind) && strcmp(console->vm, vm) == 0;
}

static struct console *
find_holder(const struct consoles *consoles, const char *vm, enum console_kind kind)
{
	struct console *console;

	LIST_FOREACH(console, &consoles->list, link)
		if (console->state != CONSOLE_LEAVING && is_at(console, vm, kind))
			return console;
	return NULL;
}

const struct console *
consoles_holder(const struct consoles *consoles, const char *vm, enum console_kind kind)
{
	return find_holder(consoles, vm, kind);
}

static enum seat_holder
holder_of(const struct console *holder, const struct conn *conn)
{
	if (holder == NULL)
		return SEAT_NOBODY;
	if (holder->conn_id == conn->id)
		return SEAT_ITSELF;
	if (holder->uid == conn->uid)
		return SEAT_SAME;
	return (holder->may & SPICE_MAY_CONTROL) == 0 ? SEAT_VIEWER : SEAT_ANOTHER;
}

static enum seat_asker
asker_of(const struct console_rights *rights)
{
	if ((rights->may & SPICE_MAY_CONTROL) == 0)
		return SEAT_VIEW;
	return rights->may_take_over ? SEAT_TAKEOVER : SEAT_USE;
}

/* Its link did not become a session, for which another may have had to go. */
static void
note_unfinished(struct consoles *consoles, const struct console *console)
{
	unfinished_note(consoles->unfinished, console->vm, console->uid,
	    console->has_displaced ? UNFINISHED_MOST : 1, io_now_ms());
}

/* Puts it on record for the asker, and lets the holder go, who is told by whom. One's own
 * link that is replaced before it is a session is one left unfinished: with a new one
 * every few seconds the seat would be held, and never used. */
static void
send_away(
    struct channel *ch, const struct conn *conn, struct console *holder, enum seat_step step)
{
	char reason[128];

	if (step == SEAT_REPLACE)
		snprintf(reason, sizeof(reason), "replaced by a newer one of the same user");
	else if (step == SEAT_YIELD)
		snprintf(reason, sizeof(reason), "gave way to %.64s: it was for looking only",
		    conn->user);
	else
		snprintf(reason, sizeof(reason), "taken over by %.64s", conn->user);
	if (step == SEAT_REPLACE && holder->state != CONSOLE_LIVE)
		note_unfinished(ch->gw->consoles, holder);
	channel_record_seat(ch, conn, holder,
	    step == SEAT_REPLACE ? "replaced"
	    : step == SEAT_YIELD ? "yielded"
				 : "displaced");
	leave(ch->gw->consoles, holder, reason);
}

/* Somebody's channels are still being ended there. */
static bool
is_being_left(const struct consoles *consoles, const char *vm, enum console_kind kind)
{
	const struct console *console;

	LIST_FOREACH(console, &consoles->list, link)
		if (console->state == CONSOLE_LEAVING && is_at(console, vm, kind))
			return true;
	return false;
}

static struct console *
make(struct channel *ch, const struct conn *conn, const struct console_rights *rights)
{
	struct console *console = calloc(1, sizeof(*console));

	if (console == NULL)
		return NULL;
	console->kind = console_kind(ch->right);
	console->id = ch->id;
	console->conn_id = conn->id;
	console->uid = conn->uid;
	console->may = rights->may;
	console->since = time(NULL);
	console->used_ms = io_now_ms();
	snprintf(console->user, sizeof(console->user), "%s", conn->user);
	snprintf(console->vm, sizeof(console->vm), "%s", ch->vm);
	console->right = rights->word;
	(void)console_take(console, ch->type, ch->type_id);
	return console;
}

struct console *
consoles_seat(struct channel *ch, const struct conn *conn, const struct console_rights *rights,
    const char **why)
{
	struct consoles *consoles = ch->gw->consoles;
	enum console_kind kind = console_kind(ch->right);
	struct console *console, *holder = find_holder(consoles, ch->vm, kind);
	enum seat_asker asker = asker_of(rights);
	enum seat_step step = seat_plan(holder_of(holder, conn), asker);

	*why = seat_plan_refusal(asker);
	if (step == SEAT_REFUSE)
		return NULL;
	*why = "links to this seat were left unfinished: not again within 30 s";
	if (unfinished_wait_ms(consoles->unfinished, ch->vm, conn->uid, io_now_ms()) > 0)
		return NULL;
	*why = "no memory";
	console = make(ch, conn, rights);
	if (console == NULL)
		return NULL;
	console->has_displaced =
	    step == SEAT_DISPLACE || step == SEAT_YIELD ||
	    (step == SEAT_REPLACE && holder->state != CONSOLE_LIVE && holder->has_displaced);
	if (holder != NULL)
		send_away(ch, conn, holder, step);
	enter(
	    console, is_being_left(consoles, ch->vm, kind) ? CONSOLE_WAITING : CONSOLE_TAKING);
	LIST_INSERT_HEAD(&consoles->list, console, link);
	consoles_join(console, ch);
	kick(consoles);
	return console;
}

struct console *
consoles_find(struct consoles *consoles, uint32_t conn_id, const char *vm, uint32_t session)
{
	struct console *console;

	LIST_FOREACH(console, &consoles->list, link)
		if (console->state == CONSOLE_LIVE && console->is_recorded &&
		    console->kind == CONSOLE_SPICE && console->conn_id == conn_id &&
		    session != 0 && console->session == session && strcmp(console->vm, vm) == 0)
			return console;
	return NULL;
}

void
consoles_join(struct console *console, struct channel *ch)
{
	ch->console = console;
	console->channels++;
}

/* --- how it goes on ---------------------------------------------------------------- */

void
consoles_recorded(struct channel *ch)
{
	if (ch->console == NULL || ch->console->id != ch->id)
		return;
	ch->console->is_recorded = true;
	ch->console->opened_ms = ch->opened_ms;
}

void
consoles_begun(struct channel *ch)
{
	struct console *console = ch->console;

	if (console == NULL || console->id != ch->id || console->state != CONSOLE_TAKING)
		return;
	console->is_begun = true;
	enter(console, console->kind == CONSOLE_SPICE ? CONSOLE_TAKING : CONSOLE_LIVE);
	kick(ch->gw->consoles);
}

void
consoles_session(struct channel *ch, uint32_t session)
{
	struct console *console = ch->console;

	/* A session before START can only be made up: no channel may live by it. */
	if (console == NULL || console->id != ch->id || console->state != CONSOLE_TAKING ||
	    !console->is_begun || session == 0)
		return;
	console->session = session;
	console->used_ms = io_now_ms();
	enter(console, CONSOLE_LIVE);
}

const char *
consoles_object(const struct channel *ch)
{
	const struct console *console = ch->console;

	return console != NULL && console->state == CONSOLE_LEAVING ? console->reason : NULL;
}

/* Its link went to the VM and did not become a session, and not because we ended it. */
static bool
is_unfinished(const struct channel *ch)
{
	return ch->console->is_begun && ch->console->state == CONSOLE_TAKING &&
	       ch->end_reason[0] == '\0';
}

void
consoles_ended(struct channel *ch, const char *reason, uint64_t up, uint64_t down)
{
	struct consoles *consoles = ch->gw->consoles;
	struct console *console = ch->console;

	if (console == NULL)
		return;
	if (ch->opened_ms != 0)
		console_add(
		    console, ch->type, ch->type_id, up, down, io_now_ms() - ch->opened_ms);
	else
		console_give_back(console, ch->type, ch->type_id);
	if (console->id == ch->id) {
		if (is_unfinished(ch))
			note_unfinished(consoles, console);
		leave(consoles, console, reason);
	}
	ch->console = NULL;
	console->channels--;
	kick(consoles);
}

static void
end_channels(struct consoles *consoles, const struct console *console)
{
	struct channel *ch, *next;

	for (ch = channels_next(consoles->gw->channels, NULL); ch != NULL; ch = next) {
		next = channels_next(consoles->gw->channels, ch);
		if (ch->console == console)
			channel_end(ch, console->reason);
	}
}

/* The one that waits for this seat may have it in a moment. */
static void
pass_on(struct consoles *consoles, const struct console *gone)
{
	struct console *next = find_holder(consoles, gone->vm, gone->kind);

	if (next != NULL && next->state == CONSOLE_WAITING)
		next->state_ms = io_now_ms();
}

/* Each step: in how many ms it is to be looked at again. */

static int64_t
step_waiting(struct consoles *consoles, struct console *console, int64_t now_ms)
{
	struct channel *ch = channels_by_id(consoles->gw->channels, console->id);
	int64_t waited_ms = now_ms - console->state_ms;
	bool is_free = !is_being_left(consoles, console->vm, console->kind);

	if (is_free && waited_ms >= SETTLE_MS && ch != NULL) {
		enter(console, CONSOLE_TAKING);
		channel_connect(ch);
	} else if (!is_free && waited_ms >= WAIT_MS) {
		leave(consoles, console, "the seat did not become free in time");
		return 0;
	}
	return is_free ? SETTLE_MS - waited_ms : WAIT_MS - waited_ms;
}

static int64_t
step_taking(struct consoles *consoles, struct console *console, int64_t now_ms)
{
	int64_t left_ms = console->state_ms + SESSION_MS - now_ms;

	if (!console->is_begun)
		return INT64_MAX; /* dial and record have deadlines of their own */
	if (left_ms > 0)
		return left_ms;
	unfinished_note(
	    consoles->unfinished, console->vm, console->uid, UNFINISHED_MOST, now_ms);
	leave(consoles, console, "the link did not become a session in time");
	return 0;
}

static int64_t
step(struct consoles *consoles, struct console *console, int64_t now_ms)
{
	switch (console->state) {
	case CONSOLE_WAITING:
		return step_waiting(consoles, console, now_ms);
	case CONSOLE_TAKING:
		return step_taking(consoles, console, now_ms);
	case CONSOLE_LEAVING:
		end_channels(consoles, console);
		if (console->channels > 0)
			return 1000; /* not taken by the relay? again */
		pass_on(consoles, console);
		finish(consoles, console);
		return 0;
	case CONSOLE_LIVE:
	default:
		return INT64_MAX;
	}
}

/* --- who does not use it ----------------------------------------------------------- */

/* What says that somebody is there: what he types, says or plugs in. A picture that
 * changes is acknowledged by the viewer alone; with VNC that cannot be told apart.
 * Who may only look uses what passes. */
static uint64_t
use_of(const struct consoles *consoles, const struct console *console)
{
	const struct channel *ch = NULL;
	uint64_t used = 0;

	while ((ch = channels_next(consoles->gw->channels, ch)) != NULL) {
		if (ch->console != console)
			continue;
		if ((console->may & SPICE_MAY_CONTROL) == 0)
			used += ch->up + ch->down;
		else if (console->kind != CONSOLE_SPICE ||
			 !spice_kind_allowed(ch->type, SPICE_MAY_SEE))
			used += ch->up;
	}
	return used;
}

void
consoles_look(struct consoles *consoles)
{
	int64_t now_ms = io_now_ms();
	uint32_t idle_s = gateway_settings(consoles->gw)->seat_idle_s;
	struct console *console;

	LIST_FOREACH(console, &consoles->list, link) {
		uint64_t used = use_of(consoles, console);

		if (console->state != CONSOLE_LIVE)
			continue;
		if (used != console->used) {
			console->used = used;
			console->used_ms = now_ms;
		} else if (idle_s > 0 && now_ms - console->used_ms >= (int64_t)idle_s * 1000) {
			leave(consoles, console, "nobody used it for too long (seat_idle)");
		}
	}
}

static void
on_counted(void *arg)
{
	consoles_look(arg);
}

/* As step. */
static int64_t
look_for_idle(struct consoles *consoles, int64_t now_ms)
{
	uint32_t idle_s = gateway_settings(consoles->gw)->seat_idle_s;
	int64_t every_ms = (int64_t)idle_s * 1000 / 8;

	if (LIST_EMPTY(&consoles->list))
		return INT64_MAX;
	if (idle_s == 0) /* a reload may change that */
		return COUNT_MS;
	if (every_ms > COUNT_MS)
		every_ms = COUNT_MS;
	if (every_ms < 500)
		every_ms = 500;
	if (now_ms - consoles->counted_ms >= every_ms) {
		consoles->counted_ms = now_ms;
		(void)counts_ask(consoles->gw->counts, on_counted, consoles);
	}
	return consoles->counted_ms + every_ms - now_ms;
}

static void
on_timer(void *arg, int fd, unsigned int events)
{
	struct consoles *consoles = arg;
	int64_t now_ms = io_now_ms(), next_ms = look_for_idle(consoles, now_ms);
	struct console *console, *next;

	(void)fd;
	(void)events;
	for (console = LIST_FIRST(&consoles->list); console != NULL; console = next) {
		int64_t in_ms;

		next = LIST_NEXT(console, link);
		in_ms = step(consoles, console, now_ms);
		if (in_ms < next_ms)
			next_ms = in_ms;
	}
	if (next_ms != INT64_MAX)
		(void)loop_timer_set(consoles->timer, next_ms > 0 ? (uint32_t)next_ms : 0);
}

const struct console *
consoles_next(const struct consoles *consoles, const struct console *console)
{
	return console == NULL ? LIST_FIRST(&consoles->list) : LIST_NEXT(console, link);
}
