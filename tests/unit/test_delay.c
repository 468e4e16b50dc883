/* How long the refusal of a wrong OTP is held back. */
#include "daemon/delay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct delay_who anne = {"anne", "sshd", "192.0.2.1"};

static int
set_up(void **state)
{
	*state = delay_new();
	return *state != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	delay_free(*state);
	return 0;
}

static void
grows_and_stays(void **state)
{
	static const uint32_t expected[] = {250, 500, 1000, 2000, 2000, 2000};
	int64_t now = 1000;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		uint32_t ms = delay_wrong(*state, &anne, now);
		assert_int_equal(ms, expected[i]);
		now += ms; /* one after the other, as a person would */
	}
}

static void
many_at_once_stand_in_line(void **state)
{
	static const uint32_t expected[] = {250, 750, 1750, 3000, 3000};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(delay_wrong(*state, &anne, 5000), expected[i]);
	/* Nor does the line grow without bound behind the cap. */
	assert_int_equal(delay_wrong(*state, &anne, 8000), 2000);
}

static void
each_user_service_and_address_alone(void **state)
{
	static const struct delay_who others[] = {{"maggie", "sshd", "192.0.2.1"},
	    {"anne", "sudo", "192.0.2.1"}, {"anne", "sshd", "192.0.2.2"},
	    {"anne", "sshd", NULL}, {"annes", "shd", "192.0.2.1"}};

	for (int i = 0; i < 10; i++)
		(void)delay_wrong(*state, &anne, 5000);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(delay_wrong(*state, &others[i], 5000), DELAY_FIRST_MS);
	assert_int_equal(delay_count(*state, 5000), 6);
}

static void
a_right_one_and_time_forget(void **state)
{
	for (int i = 0; i < 3; i++)
		(void)delay_wrong(*state, &anne, 5000);
	delay_right(*state, &anne);
	assert_int_equal(delay_count(*state, 5000), 0);
	assert_int_equal(delay_wrong(*state, &anne, 5000), 250);
	assert_int_equal(delay_wrong(*state, &anne, 5250 + DELAY_FORGET_MS - 1), 500);
	assert_int_equal(delay_wrong(*state, &anne, 200000), 250);
	assert_int_equal(delay_count(*state, 200250 + DELAY_FORGET_MS), 0);
}

static void
a_full_table_still_answers(void **state)
{
	char source[32];
	struct delay_who who = {"anne", "sshd", source};

	for (unsigned int i = 0; i < 100000; i++) {
		snprintf(source, sizeof(source), "2001:db8::%x", i);
		assert_in_range(delay_wrong(*state, &who, i), 1, DELAY_MOST_MS);
	}
	assert_in_range(delay_count(*state, 100000), 1, 1024);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(grows_and_stays, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(many_at_once_stand_in_line, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		each_user_service_and_address_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_right_one_and_time_forget, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_full_table_still_answers, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
