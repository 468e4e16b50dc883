/* What the supervisor does where the relay is silent, or says what it may not: a hung one
 * is given up, and no session counts before it is on record. Stand-ins take the place of
 * the clock, the loop, the relay and the list of channels. */
#include "daemon/channel_relay.h"
#include "daemon/channels.h"
#include "daemon/consoles.h"
#include "daemon/counts.h"
#include "lib/io.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Linked with --wrap (Makefile): what the daemon's files call ends up here. */
int64_t
__wrap_io_now_ms(void);
struct loop_watch *
__wrap_loop_timer(struct loop *loop, loop_fn *fn, void *arg);
int
__wrap_loop_timer_set(struct loop_watch *timer, uint32_t timeout_ms);
void
__wrap_loop_timer_clear(struct loop_watch *timer);
void
__wrap_loop_watch_free(struct loop_watch *watch);
struct wire_out *
__wrap_servant_begin(struct servant *s, uint8_t type);
int
__wrap_servant_tell(struct servant *s, const int *fds, size_t nfds);
void
__wrap_servant_give_up(struct servant *s, const char *why);
const struct settings *
__wrap_gateway_settings(const struct gateway *gateway);
struct channel *
__wrap_channels_next(struct channels *channels, const struct channel *ch);
struct channel *
__wrap_channels_by_id(struct channels *channels, uint32_t id);
void
__wrap_channel_connect(struct channel *ch);
void
__wrap_channel_end(struct channel *ch, const char *reason);
void
__wrap_channel_record_seat(const struct channel *ch, const struct conn *conn,
    const struct console *holder, const char *how);
void
__wrap_channel_record_console(struct gateway *gateway, const struct console *console);
void
__wrap_channel_tell_console(const struct gateway *gateway, const struct console *console);

#define NEVER INT64_MAX

struct stand_in {
	loop_fn *fn;
	void *arg;
	int64_t due_ms;
};

static struct stand_in timers[4];
static size_t timer_count;
static int64_t now_ms;
static struct channel list[8]; /* id 0: free */
static struct gateway gw;
static struct settings settings;
static int tell_error;
static unsigned int given_up, told, connected;
static char reason[128]; /* of the last channel that was to end */

int64_t
__wrap_io_now_ms(void)
{
	return now_ms;
}

struct loop_watch *
__wrap_loop_timer(struct loop *loop, loop_fn *fn, void *arg)
{
	struct stand_in *timer = &timers[timer_count++];

	(void)loop;
	*timer = (struct stand_in){fn, arg, NEVER};
	return (struct loop_watch *)timer;
}

int
__wrap_loop_timer_set(struct loop_watch *timer, uint32_t timeout_ms)
{
	((struct stand_in *)timer)->due_ms = now_ms + timeout_ms;
	return 0;
}

void
__wrap_loop_timer_clear(struct loop_watch *timer)
{
	((struct stand_in *)timer)->due_ms = NEVER;
}

void
__wrap_loop_watch_free(struct loop_watch *watch)
{
	(void)watch;
}

struct wire_out *
__wrap_servant_begin(struct servant *s, uint8_t type)
{
	static uint8_t buf[256];
	static struct wire_out out;

	(void)s;
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, type, 1);
	return &out;
}

int
__wrap_servant_tell(struct servant *s, const int *fds, size_t nfds)
{
	(void)s;
	(void)fds;
	(void)nfds;
	told++;
	return tell_error;
}

void
__wrap_servant_give_up(struct servant *s, const char *why)
{
	(void)s;
	assert_non_null(why);
	given_up++;
}

const struct settings *
__wrap_gateway_settings(const struct gateway *gateway)
{
	(void)gateway;
	return &settings;
}

struct channel *
__wrap_channels_next(struct channels *channels, const struct channel *ch)
{
	(void)channels;
	for (size_t i = ch == NULL ? 0 : (size_t)(ch - list) + 1; i < 8; i++)
		if (list[i].id != 0)
			return &list[i];
	return NULL;
}

struct channel *
__wrap_channels_by_id(struct channels *channels, uint32_t id)
{
	struct channel *ch = NULL;

	while ((ch = __wrap_channels_next(channels, ch)) != NULL && ch->id != id)
		continue;
	return ch;
}

void
__wrap_channel_connect(struct channel *ch)
{
	(void)ch;
	connected++;
}

/* As if it ended at once. */
void
__wrap_channel_end(struct channel *ch, const char *why)
{
	snprintf(reason, sizeof(reason), "%s", why);
	memcpy(ch->end_reason, reason, sizeof(reason));
	consoles_ended(ch, why, 0, 0);
	ch->id = 0;
}

void
__wrap_channel_record_seat(const struct channel *ch, const struct conn *conn,
    const struct console *holder, const char *how)
{
	(void)ch;
	(void)conn;
	(void)holder;
	(void)how;
}

void
__wrap_channel_record_console(struct gateway *gateway, const struct console *console)
{
	(void)gateway;
	(void)console;
}

void
__wrap_channel_tell_console(const struct gateway *gateway, const struct console *console)
{
	(void)gateway;
	(void)console;
}

/* Runs what is due within ms, in order. */
static void
advance(int64_t ms)
{
	int64_t end_ms = now_ms + ms;

	for (;;) {
		struct stand_in *first = &timers[0];

		for (size_t i = 1; i < timer_count; i++)
			if (timers[i].due_ms < first->due_ms)
				first = &timers[i];
		if (first->due_ms > end_ms)
			break;
		if (first->due_ms > now_ms)
			now_ms = first->due_ms;
		first->due_ms = NEVER;
		first->fn(first->arg, -1, LOOP_TIME);
	}
	now_ms = end_ms;
}

static int
set_up(void **state)
{
	(void)state;
	memset(list, 0, sizeof(list));
	gw = (struct gateway){.loop = NULL};
	settings = (struct settings){.seat_idle_s = 0};
	timer_count = 0;
	now_ms = 1000000;
	tell_error = 0;
	given_up = told = connected = 0;
	gw.channel_relay = channel_relay_new(&gw);
	gw.counts = counts_new(&gw);
	gw.consoles = consoles_new(&gw);
	return gw.channel_relay != NULL && gw.counts != NULL && gw.consoles != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	consoles_free(gw.consoles);
	counts_free(gw.counts);
	channel_relay_free(gw.channel_relay);
	return 0;
}

static struct channel *
add_channel(uint32_t id, enum channel_state channel_state)
{
	struct channel *ch = &list[id % 8];

	*ch = (struct channel){.gw = &gw, .id = id, .state = channel_state, .client_fd = -1};
	snprintf(ch->vm, sizeof(ch->vm), "webdev");
	snprintf(ch->right, sizeof(ch->right), "spice");
	return ch;
}

/* --- a relay that hangs -------------------------------------------------------- */

static unsigned int counted;

static void
on_counted(void *arg)
{
	(void)arg;
	counted++;
}

static void
one_that_reads_no_greeting(void **state)
{
	struct channel *ch = add_channel(1, CHANNEL_GREETING);

	(void)state;
	assert_int_equal(channel_relay_greet(ch), 0);
	advance(5500); /* the client's time, and some */
	assert_int_equal(given_up, 0);
	advance(1000);
	assert_true(given_up > 0);
}

static void
one_that_says_what_it_read(void **state)
{
	struct channel *ch = add_channel(1, CHANNEL_GREETING);

	(void)state;
	assert_int_equal(channel_relay_greet(ch), 0);
	advance(4000);
	ch->state = CHANNEL_RELAYED;
	advance(60000);
	assert_int_equal(given_up, 0);
}

static void
one_that_ends_nothing(void **state)
{
	struct channel *ch = add_channel(1, CHANNEL_RELAYED);

	(void)state;
	channel_relay_stop(ch);
	ch->state = CHANNEL_STOPPING;
	advance(900);
	assert_int_equal(given_up, 0);
	advance(300);
	assert_true(given_up > 0);
}

/* The machine stood still: it had no time either. */
static void
one_that_could_not_run(void **state)
{
	struct channel *ch = add_channel(1, CHANNEL_RELAYED);

	(void)state;
	channel_relay_stop(ch);
	ch->state = CHANNEL_STOPPING;
	now_ms += 20000;
	advance(300);
	assert_int_equal(given_up, 0);
	advance(1000);
	assert_true(given_up > 0);
}

static void
one_that_could_not_count(void **state)
{
	(void)state;
	assert_int_equal(counts_ask(gw.counts, on_counted, NULL), 0);
	now_ms += 20000;
	advance(1000);
	assert_int_equal(given_up, 0);
	advance(2000);
	assert_true(given_up > 0);
}

static void
one_that_takes_no_message(void **state)
{
	struct channel *ch = add_channel(1, CHANNEL_RELAYED);

	(void)state;
	tell_error = -ENOMEM;
	channel_relay_stop(ch);
	assert_int_equal(given_up, 0); /* who calls may walk the list */
	advance(0);
	assert_int_equal(given_up, 1);
	ch->state = CHANNEL_SEATING;
	channel_relay_refuse(ch, 7);
	advance(0);
	assert_int_equal(given_up, 2);
	advance(60000);
	assert_int_equal(given_up, 2);
}

static void
one_that_does_not_count(void **state)
{
	(void)state;
	counted = 0;
	assert_int_equal(counts_ask(gw.counts, on_counted, NULL), 0);
	assert_int_equal(counts_ask(gw.counts, on_counted, NULL), 0);
	advance(600);
	assert_int_equal(counted, 2);
	assert_int_equal(counts_ask(gw.counts, on_counted, NULL), 0);
	assert_int_equal(told, 1); /* that answer is still due */
	advance(1000);
	assert_int_equal(counted, 3);
	assert_int_equal(given_up, 0);
	advance(1500);
	assert_true(given_up > 0);
}

/* Who asks again puts nothing off. */
static void
one_that_is_asked_again(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(counts_ask(gw.counts, on_counted, NULL), 0);
		advance(990);
	}
	assert_int_equal(given_up, 0);
	assert_int_equal(counts_ask(gw.counts, on_counted, NULL), 0);
	advance(50);
	assert_true(given_up > 0);
}

static void
one_that_counts(void **state)
{
	uint8_t none[3] = {1, 0, 0};
	struct wire_in in;

	(void)state;
	counted = 0;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(counts_ask(gw.counts, on_counted, NULL), 0);
		advance(100);
		wire_in_init(&in, none, sizeof(none));
		counts_on_notice(&gw, &in);
		assert_int_equal(counted, i + 1);
	}
	assert_int_equal(counts_ask(gw.counts, on_counted, NULL), 0);
	counts_on_down(gw.counts); /* another comes, which was not asked */
	advance(60000);
	assert_int_equal(counted, 4);
	assert_int_equal(given_up, 0);
}

/* --- sessions and seats ---------------------------------------------------------- */

static struct conn conns[3]; /* anne's, maggie's; anne's other one */

/* conn asks for the seat of webdev by a channel of that number. NULL: refused. */
static struct channel *
ask(uint32_t id, size_t who, bool may_take_over)
{
	static const struct console_rights rights = {
	    .may = SPICE_MAY_SEE | SPICE_MAY_CONTROL, .word = "spice"};
	struct console_rights his = rights;
	struct channel *ch = add_channel(id, CHANNEL_DIALING);
	const char *why;

	for (size_t i = 0; i < 3; i++) {
		conns[i].id = (uint32_t)i + 1;
		conns[i].uid = i % 2 == 0 ? 1001 : 1002;
		snprintf(conns[i].user, sizeof(conns[i].user), i % 2 == 0 ? "anne" : "maggie");
	}
	his.may_take_over = may_take_over;
	ch->type = SPICE_MAIN;
	ch->conn_id = conns[who].id;
	if (consoles_seat(ch, &conns[who], &his, &why) != NULL)
		return ch;
	ch->id = 0;
	return NULL;
}

/* It is at the relay's. */
static void
begin(struct channel *ch)
{
	ch->opened_ms = now_ms;
	consoles_recorded(ch);
	ch->state = CHANNEL_RELAYED;
	consoles_begun(ch);
}

static void
a_session_before_its_record(void **state)
{
	struct channel *ch = ask(1, 0, false);

	(void)state;
	assert_non_null(ch);
	consoles_session(ch, 4711);
	assert_int_equal(ch->console->state, CONSOLE_TAKING);
	assert_null(consoles_find(gw.consoles, 1, "webdev", 4711));
	begin(ch);
	consoles_session(ch, 4712);
	assert_int_equal(ch->console->state, CONSOLE_LIVE);
	assert_null(consoles_find(gw.consoles, 1, "webdev", 4711));
	assert_ptr_equal(consoles_find(gw.consoles, 1, "webdev", 4712), ch->console);
	assert_null(consoles_find(gw.consoles, 3, "webdev", 4712));
}

/* Each is a link that says nothing after its greeting, from one connection or two. */
static void
links_that_replace_each_other(void **state)
{
	struct channel *ch = NULL;
	unsigned int links = 0;

	(void)state;
	for (uint32_t id = 1; id < 8 && (ch = ask(id, id % 2 * 2, false)) != NULL; id++) {
		links++;
		advance(300); /* until the one before is gone */
		begin(ch);
		advance(8700);
	}
	assert_in_range(links, 2, 4);
	advance(11000); /* the last one's time */
	assert_null(consoles_holder(gw.consoles, "webdev", CONSOLE_SPICE));
	assert_non_null(ask(7, 1, false)); /* another has it then */
}

/* A session that is replaced is none of these. */
static void
sessions_that_replace_each_other(void **state)
{
	(void)state;
	for (uint32_t id = 1; id < 8; id++) {
		struct channel *ch = ask(id, id % 2 * 2, false);

		assert_non_null(ch);
		advance(300);
		begin(ch);
		consoles_session(ch, id);
		advance(1000);
	}
}

static void
a_second_link_of_who_displaced(void **state)
{
	struct channel *ch = ask(1, 0, false);

	(void)state;
	begin(ch);
	consoles_session(ch, 1);
	ch = ask(2, 1, true); /* maggie throws anne out */
	assert_non_null(ch);
	advance(300);
	begin(ch);
	ch = ask(3, 1, true);
	assert_non_null(ch);
	assert_true(ch->console->has_displaced);
	advance(300);
	begin(ch);
	consoles_session(ch, 2);
	ch = ask(4, 1, true); /* a session's place, taken by the next, is none of that */
	assert_null(ch);      /* but the link before it was */
	advance(31000);
	ch = ask(4, 1, true);
	assert_non_null(ch);
	assert_false(ch->console->has_displaced);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_that_reads_no_greeting, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_says_what_it_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_ends_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_is_asked_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_could_not_run, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_could_not_count, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_takes_no_message, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_does_not_count, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_counts, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_session_before_its_record, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(links_that_replace_each_other, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		sessions_that_replace_each_other, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_second_link_of_who_displaced, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
