/* A console's channels, each once, and its line for the record; how often links may
 * begin. */
#include "daemon/console.h"
#include "daemon/links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

static void
each_channel_once(void **state)
{
	struct console console = {0};

	(void)state;
	for (unsigned int id = 0; id < 256; id++) {
		assert_true(console_take(&console, SPICE_USBREDIR, (uint8_t)id));
		assert_false(console_take(&console, SPICE_USBREDIR, (uint8_t)id));
	}
	assert_true(console_take(&console, SPICE_DISPLAY, 0));
	assert_false(console_take(&console, CONSOLE_TYPES, 0));
	assert_false(console_take(&console, 255, 255));
	console_give_back(&console, SPICE_USBREDIR, 9);
	console_give_back(&console, 255, 255);
	assert_true(console_take(&console, SPICE_USBREDIR, 9));
	assert_false(console_take(&console, SPICE_USBREDIR, 8));
}

/* What goes on record of it. */
static const char *
line_of(const struct console *console)
{
	static char text[PROTO_TEXT_MAX + 1];

	console_list(console, text);
	return text;
}

static void
a_line_for_the_record(void **state)
{
	struct console console = {0};

	(void)state;
	console_add(&console, SPICE_DISPLAY, 0, 10, 2000, 61000);
	console_add(&console, SPICE_MAIN, 0, 1, 2, 3);
	assert_string_equal(line_of(&console), "main:0=1/2/3 display:0=10/2000/61000");
	assert_int_equal(console.up, 11);
	assert_int_equal(console.down, 2002);
	console_add(&console, 0, 0, 5, 5, 5); /* vnc: no kind, but its bytes count */
	console_add(&console, SPICE_CURSOR, 0, 0, 0, 0);
	assert_string_equal(
	    line_of(&console), "main:0=1/2/3 display:0=10/2000/61000 cursor:0=0/0/0");
	assert_int_equal(console.up, 16);
}

/* Who would like one not to be seen opens many of another kind. */
static void
a_line_that_is_full(void **state)
{
	struct console console = {0};

	(void)state;
	for (unsigned int id = 0; id < 60; id++)
		console_add(&console, SPICE_DISPLAY, (uint8_t)id, 1, 1000000, id);
	console_add(&console, SPICE_USBREDIR, 0, 5, 6, 7);
	console_add(&console, SPICE_USBREDIR, 9, 5, 6, 5);
	console_add(&console, SPICE_MAIN, 0, 1, 2, 3);
	assert_string_equal(
	    line_of(&console), "main*1=1/2/3 display*60=60/60000000/59 usbredir*2=10/12/7");
	assert_int_equal(console.up, 71);
}

static void
a_line_with_all_that_can_be(void **state)
{
	struct console console = {0};
	const char *line;

	(void)state;
	for (uint8_t type = 0; type < CONSOLE_TYPES; type++)
		for (unsigned int id = 0; id < 256; id++)
			console_add(&console, type, (uint8_t)id, id > 0 ? 0 : UINT64_MAX - 1,
			    id > 0 ? 0 : UINT64_MAX - 1, INT64_MAX);
	line = line_of(&console);
	for (uint8_t type = 0; type < CONSOLE_TYPES; type++)
		if (spice_kind_find(type) != NULL)
			assert_non_null(strstr(line, spice_kind_find(type)->name));
	assert_non_null(strstr(
	    line, "webdav*256=18446744073709551614/18446744073709551614/9223372036854775807"));
}

/* A relay that was killed told nobody: what is unknown is neither 0 nor a sum. */
static void
bytes_that_nobody_knows(void **state)
{
	struct console console = {0};

	(void)state;
	console_add(&console, SPICE_INPUTS, 0, 5, 6, 7);
	console_add(&console, SPICE_MAIN, 0, CONSOLE_UNCOUNTED, CONSOLE_UNCOUNTED, 3);
	console_add(&console, SPICE_CURSOR, 0, 1, CONSOLE_UNCOUNTED, 4);
	assert_string_equal(line_of(&console), "main:0=-/-/3 inputs:0=5/6/7 cursor:0=1/-/4");
	assert_true(console.up == CONSOLE_UNCOUNTED);
	assert_true(console.down == CONSOLE_UNCOUNTED);
	for (unsigned int id = 0; id < 256; id++)
		console_add(&console, SPICE_DISPLAY, (uint8_t)id, 1,
		    id == 9 ? CONSOLE_UNCOUNTED : 1, 1);
	assert_non_null(strstr(line_of(&console), "display*256=256/-/1"));
	assert_non_null(strstr(line_of(&console), "main*1=-/-/3"));
}

static void
one_screen_one_serial_line(void **state)
{
	(void)state;
	assert_true(console_is_same_seat(CONSOLE_SPICE, CONSOLE_VNC));
	assert_true(console_is_same_seat(CONSOLE_SERIAL, CONSOLE_SERIAL));
	assert_false(console_is_same_seat(CONSOLE_SPICE, CONSOLE_SERIAL));
	assert_false(console_is_same_seat(CONSOLE_SERIAL, CONSOLE_VNC));
	assert_int_equal(console_kind("spice"), CONSOLE_SPICE);
	assert_int_equal(console_kind("spice:view"), CONSOLE_NONE);
	assert_int_equal(console_kind("ssh"), CONSOLE_NONE);
	assert_int_equal(console_kind(""), CONSOLE_NONE);
}

static unsigned int
taken(struct links *links, uid_t uid, unsigned int tries, int64_t now_ms)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < tries; i++)
		n += links_take(links, uid, 20, now_ms);
	return n;
}

static void
links_come_at_a_rate(void **state)
{
	struct links *links = links_new();
	unsigned int n = 0;

	(void)state;
	assert_int_equal(taken(links, 1, 1000, 0), 20 * LINKS_BURST_S);
	assert_int_equal(taken(links, 1, 1000, 49), 0);
	assert_int_equal(taken(links, 1, 1000, 50), 1);
	assert_int_equal(taken(links, 2, 9, 50), 9); /* not another's matter */
	/* A thousand a second for ten seconds: the rate, not one more. */
	for (int64_t ms = 50; ms <= 10050; ms++)
		n += taken(links, 1, 1, ms);
	assert_int_equal(n, 200);
	/* What cost more: so many fewer, never less than none. */
	assert_int_equal(taken(links, 3, 1, 50), 1);
	links_charge(links, 3, 90);
	assert_int_equal(taken(links, 3, 1000, 50), 9);
	assert_int_equal(taken(links, 3, 2, 100), 1);
	links_charge(links, 3, UINT64_MAX);
	assert_int_equal(taken(links, 3, 1000, 149), 0);
	links_charge(links, 4, 1);
	/* However long the pause: the burst. */
	assert_int_equal(taken(links, 1, 1000, INT64_MAX / 2), 20 * LINKS_BURST_S);
	links_free(links);
}

static void
who_is_quiet_is_forgotten(void **state)
{
	struct links *links = links_new();

	(void)state;
	for (uid_t uid = 1; uid <= 500; uid++)
		(void)links_take(links, uid, 20, 1000);
	assert_int_equal(links_count(links), 500);
	assert_true(links_take(links, 1, 20, 1000 + LINKS_BURST_S * 1000));
	assert_int_equal(links_count(links), 1);
	links_free(links);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_channel_once),
	    cmocka_unit_test(a_line_for_the_record),
	    cmocka_unit_test(a_line_that_is_full),
	    cmocka_unit_test(a_line_with_all_that_can_be),
	    cmocka_unit_test(bytes_that_nobody_knows),
	    cmocka_unit_test(one_screen_one_serial_line),
	    cmocka_unit_test(links_come_at_a_rate),
	    cmocka_unit_test(who_is_quiet_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
