/* The steps by which a connection's processes are ended, as a clock goes by. */
#include "daemon/ending_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A world in which a process ends at its own time, or when it is told to. */
struct world {
	int64_t now;
	bool knows_u, u, m, rest;
	bool newborn;       /* a U that is not known yet: M's end would hide it */
	int64_t m_stops_ms; /* so long after STOP; -1 never */
	bool u_heeds_term, m_heeds_term, m_follows; /* M ends when U does */
	bool nothing_dies;
	uint32_t taken;
	int64_t at[ENDING_GIVE_UP + 1]; /* when a step was first taken; -1 never */
};

static void
apply(struct world *w, enum ending_step step)
{
	if (w->at[step] < 0)
		w->at[step] = w->now;
	w->taken |= 1u << step;
	if (w->nothing_dies)
		return;
	if (step == ENDING_KILL_U || (step == ENDING_TERM_U && w->u_heeds_term))
		w->u = false;
	if (step == ENDING_KILL_REST)
		w->rest = false;
	if (step == ENDING_CLEAR_M) {
		w->m = w->newborn;
		w->newborn = false;
	}
	if (step == ENDING_KILL_M || step == ENDING_TERM_M)
		assert_false(w->u || w->newborn); /* or U would go on without M */
	if (step == ENDING_KILL_M || (step == ENDING_TERM_M && w->m_heeds_term))
		w->m = false;
	if (!w->u && w->knows_u && w->m_follows)
		w->m = false;
}

/* Until it is done; returns the last step. */
static enum ending_step
play(struct world *w)
{
	for (int i = 0; i <= ENDING_GIVE_UP; i++)
		w->at[i] = -1;
	for (w->now = 0; w->now <= 20000; w->now += 50) {
		struct ending_view view = {.elapsed_ms = w->now,
		    .knows_u = w->knows_u,
		    .u_lives = w->u,
		    .m_lives = w->m,
		    .m_stands = w->at[ENDING_STOP_M] >= 0 && w->m_stops_ms >= 0 &&
				w->now >= w->at[ENDING_STOP_M] + w->m_stops_ms,
		    .rest_lives = w->rest,
		    .taken = w->taken};
		enum ending_step step = ending_plan(&view);
		if (step == ENDING_DONE || step == ENDING_GIVE_UP)
			return step;
		apply(w, step);
	}
	return ENDING_WAIT;
}

static void
who_heeds_is_not_killed(void **state)
{
	struct world w = {
	    .knows_u = true, .u = true, .m = true, .u_heeds_term = true, .m_follows = true};

	(void)state;
	assert_int_equal(play(&w), ENDING_DONE);
	assert_int_equal(w.at[ENDING_TERM_U], 0);
	assert_int_equal(w.at[ENDING_KILL_U], -1);
	assert_int_equal(w.at[ENDING_KILL_M], -1);
	assert_true(w.now <= 100);
}

static void
who_does_not_is_killed_after_a_second(void **state)
{
	struct world w = {
	    .knows_u = true, .u = true, .m = true, .rest = true, .m_follows = true};

	(void)state;
	assert_int_equal(play(&w), ENDING_DONE);
	assert_int_equal(w.at[ENDING_TERM_U], 0);
	assert_in_range(w.at[ENDING_KILL_U], ENDING_KILL_U_MS, ENDING_KILL_U_MS + 50);
	assert_in_range(w.at[ENDING_KILL_REST], ENDING_KILL_U_MS, 1900);
	assert_in_range(w.now, 0, 1950);
}

static void
what_u_started_waits_for_the_session_to_close_but_not_for_long(void **state)
{
	struct world w = {
	    .knows_u = true, .u = true, .m = true, .rest = true, .u_heeds_term = true};

	(void)state;
	assert_int_equal(play(&w), ENDING_DONE);
	assert_in_range(w.at[ENDING_KILL_REST], ENDING_KILL_REST_MS, ENDING_KILL_REST_MS + 50);
	assert_true(w.at[ENDING_TERM_M] > w.at[ENDING_KILL_REST]);
	assert_in_range(w.at[ENDING_KILL_M], ENDING_KILL_M_MS, ENDING_KILL_M_MS + 50);
}

static void
before_there_is_a_u_m_stops_and_ends(void **state)
{
	struct world w = {.m = true, .m_stops_ms = 100};

	(void)state;
	assert_int_equal(play(&w), ENDING_DONE);
	assert_int_equal(w.at[ENDING_STOP_M], 0);
	assert_int_equal(w.at[ENDING_CLEAR_M], 100);
	assert_int_equal(w.at[ENDING_TERM_U], -1);
	assert_true(w.now <= 150);
}

static void
a_u_that_is_just_coming_goes_before_m(void **state)
{
	struct world w = {.m = true, .newborn = true};

	(void)state;
	assert_int_equal(play(&w), ENDING_DONE);
	assert_int_equal(w.at[ENDING_CLEAR_M], 50);
	assert_in_range(w.at[ENDING_KILL_M], ENDING_KILL_M_MS, ENDING_KILL_M_MS + 50);
}

static void
an_m_that_does_not_stop_is_waited_for_half_a_second(void **state)
{
	struct world w = {.m = true, .m_stops_ms = -1};

	(void)state;
	assert_int_equal(play(&w), ENDING_DONE);
	assert_int_equal(w.at[ENDING_CLEAR_M], ENDING_CLEAR_M_MS);
}

static void
m_is_left_alone_while_u_lives(void **state)
{
	struct world w = {.knows_u = true, .u = true, .m = true, .nothing_dies = true};

	(void)state;
	assert_int_equal(play(&w), ENDING_GIVE_UP);
	assert_int_equal(w.at[ENDING_TERM_M], -1);
	assert_int_equal(w.at[ENDING_KILL_M], -1);
	assert_in_range(w.now, ENDING_GIVE_UP_MS, ENDING_GIVE_UP_MS + 50);
}

static void
without_m_u_is_ended_all_the_same(void **state)
{
	struct world w = {.knows_u = true, .u = true, .rest = true, .u_heeds_term = true};

	(void)state;
	assert_int_equal(play(&w), ENDING_DONE);
	assert_int_equal(w.at[ENDING_TERM_U], 0);
	assert_true(w.at[ENDING_KILL_REST] >= 0 && w.now < 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_heeds_is_not_killed),
	    cmocka_unit_test(who_does_not_is_killed_after_a_second),
	    cmocka_unit_test(what_u_started_waits_for_the_session_to_close_but_not_for_long),
	    cmocka_unit_test(before_there_is_a_u_m_stops_and_ends),
	    cmocka_unit_test(a_u_that_is_just_coming_goes_before_m),
	    cmocka_unit_test(an_m_that_does_not_stop_is_waited_for_half_a_second),
	    cmocka_unit_test(m_is_left_alone_while_u_lives),
	    cmocka_unit_test(without_m_u_is_ended_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
