/* Who gets a seat: every cell of the table; and links that were left unfinished. */
#include "daemon/seat_plan.h"
#include "daemon/unfinished.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka needs the above. */
#include <cmocka.h>

static void
every_cell(void **state)
{
	static const struct {
		enum seat_holder holder;
		enum seat_asker asker;
		enum seat_step step;
	} cells[] = {
	    {SEAT_NOBODY, SEAT_VIEW, SEAT_TAKE},
	    {SEAT_NOBODY, SEAT_USE, SEAT_TAKE},
	    {SEAT_NOBODY, SEAT_TAKEOVER, SEAT_TAKE},
	    /* One's own is always replaced, whatever either may. */
	    {SEAT_ITSELF, SEAT_VIEW, SEAT_REPLACE},
	    {SEAT_ITSELF, SEAT_USE, SEAT_REPLACE},
	    {SEAT_ITSELF, SEAT_TAKEOVER, SEAT_REPLACE},
	    {SEAT_SAME, SEAT_VIEW, SEAT_REPLACE},
	    {SEAT_SAME, SEAT_USE, SEAT_REPLACE},
	    {SEAT_SAME, SEAT_TAKEOVER, SEAT_REPLACE},
	    /* Who looks gives way to who works, not to another who looks. */
	    {SEAT_VIEWER, SEAT_VIEW, SEAT_REFUSE},
	    {SEAT_VIEWER, SEAT_USE, SEAT_YIELD},
	    {SEAT_VIEWER, SEAT_TAKEOVER, SEAT_YIELD},
	    {SEAT_ANOTHER, SEAT_VIEW, SEAT_REFUSE},
	    {SEAT_ANOTHER, SEAT_USE, SEAT_REFUSE},
	    {SEAT_ANOTHER, SEAT_TAKEOVER, SEAT_DISPLACE},
	};

	(void)state;
	assert_int_equal(sizeof(cells) / sizeof(cells[0]), SEAT_HOLDERS * SEAT_ASKERS);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		assert_int_equal(seat_plan(cells[i].holder, cells[i].asker), cells[i].step);
}

static void
nothing_else_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(SEAT_REFUSE, 0);
	assert_int_equal(seat_plan(SEAT_HOLDERS, SEAT_TAKEOVER), SEAT_REFUSE);
	assert_int_equal(seat_plan((enum seat_holder)77, SEAT_VIEW), SEAT_REFUSE);
	assert_int_equal(seat_plan((enum seat_holder) - 1, SEAT_VIEW), SEAT_REFUSE);
	assert_int_equal(seat_plan(SEAT_NOBODY, SEAT_ASKERS), SEAT_REFUSE);
	assert_int_equal(seat_plan(SEAT_NOBODY, (enum seat_asker) - 1), SEAT_REFUSE);
}

static void
who_leaves_links_unfinished_waits(void **state)
{
	struct unfinished *u = unfinished_new();

	(void)state;
	assert_int_equal(unfinished_wait_ms(u, "webdev", 1000, 5), 0);
	for (unsigned int i = 1; i < UNFINISHED_MOST; i++)
		unfinished_note(u, "webdev", 1000, 1, 100);
	assert_int_equal(unfinished_wait_ms(u, "webdev", 1000, 100), 0);
	unfinished_note(u, "webdev", 1000, 1, 200);
	assert_int_equal(unfinished_wait_ms(u, "webdev", 1000, 200), UNFINISHED_MS);
	assert_int_equal(unfinished_wait_ms(u, "webdev", 1000, 1200), UNFINISHED_MS - 1000);
	assert_int_equal(unfinished_wait_ms(u, "webdev", 1000, 200 + UNFINISHED_MS), 0);
	/* Nobody else, and no other VM. */
	assert_int_equal(unfinished_wait_ms(u, "webdev", 1001, 200), 0);
	assert_int_equal(unfinished_wait_ms(u, "webde", 1000, 200), 0);
	unfinished_free(u);
}

static void
few_in_a_long_time_are_forgotten(void **state)
{
	struct unfinished *u = unfinished_new();

	(void)state;
	for (int64_t at = 0; at < 20 * UNFINISHED_MS; at += UNFINISHED_MS / 2 + 1)
		unfinished_note(u, "webdev", 1000, 1, at);
	assert_int_equal(unfinished_wait_ms(u, "webdev", 1000, 20 * UNFINISHED_MS), 0);
	unfinished_note(u, "webdev", 1000, UNFINISHED_MOST, 20 * UNFINISHED_MS);
	assert_true(unfinished_wait_ms(u, "webdev", 1000, 20 * UNFINISHED_MS) > 0);
	unfinished_free(u);
}

static void
a_full_table_forgets_the_oldest(void **state)
{
	struct unfinished *u = unfinished_new();

	(void)state;
	for (uid_t uid = 1; uid <= 1000; uid++)
		unfinished_note(u, "webdev", uid, UNFINISHED_MOST, (int64_t)uid);
	assert_int_equal(unfinished_wait_ms(u, "webdev", 1, 1000), 0);
	assert_true(unfinished_wait_ms(u, "webdev", 1000, 1000) > 0);
	assert_true(unfinished_wait_ms(u, "webdev", 900, 1000) > 0);
	unfinished_free(u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_cell),
	    cmocka_unit_test(nothing_else_is_allowed),
	    cmocka_unit_test(who_leaves_links_unfinished_waits),
	    cmocka_unit_test(few_in_a_long_time_are_forgotten),
	    cmocka_unit_test(a_full_table_forgets_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
