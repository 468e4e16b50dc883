/* The times of explain --at. */
#include "cli/at.h"

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Sat 2026-11-21 09:30:15 in Berlin. */
static time_t
saturday(void)
{
	struct tm tm = {.tm_year = 126,
	    .tm_mon = 10,
	    .tm_mday = 21,
	    .tm_hour = 9,
	    .tm_min = 30,
	    .tm_sec = 15,
	    .tm_isdst = -1};

	return mktime(&tm);
}

static void
expect(const char *text, const char *wanted)
{
	char got[64];
	struct tm tm;
	time_t at = 0;

	assert_int_equal(at_parse(text, saturday(), &at), 0);
	assert_non_null(localtime_r(&at, &tm));
	assert_true(strftime(got, sizeof(got), "%a %Y-%m-%d %H:%M:%S", &tm) > 0);
	assert_string_equal(got, wanted);
}

static void
refuse(const char *text, int wanted)
{
	time_t at = 7;

	assert_int_equal(at_parse(text, saturday(), &at), wanted);
	assert_int_equal(at, 7);
}

static void
next_weekday(void **state)
{
	(void)state;
	expect("Wed 10:00", "Wed 2026-11-25 10:00:00");
	expect("wednesday 10:00", "Wed 2026-11-25 10:00:00");
	expect("MON  0:00", "Mon 2026-11-23 00:00:00");
	expect("Sat 09:31", "Sat 2026-11-21 09:31:00");
	expect("Sat 09:30", "Sat 2026-11-21 09:30:00");
	expect("Sat 09:29", "Sat 2026-11-28 09:29:00");
}

static void
next_time(void **state)
{
	(void)state;
	expect("10:00", "Sat 2026-11-21 10:00:00");
	expect("9:00", "Sun 2026-11-22 09:00:00");
	expect("23:59", "Sat 2026-11-21 23:59:00");
}

static void
date(void **state)
{
	(void)state;
	expect("2026-11-25 10:00", "Wed 2026-11-25 10:00:00");
	expect("2024-02-29 00:00", "Thu 2024-02-29 00:00:00");
	expect("2020-01-01 12:34", "Wed 2020-01-01 12:34:00");
}

static void
no_such_time(void **state)
{
	(void)state;
	refuse("2026-02-29 10:00", -ERANGE);
	refuse("2026-04-31 10:00", -ERANGE);
	refuse("2026-13-01 10:00", -ERANGE);
	refuse("2026-03-29 02:30", -ERANGE); /* the clock jumps from 2 to 3 */
	refuse("Wed 24:00", -ERANGE);
	refuse("Wed 10:60", -ERANGE);
}

static void
other_forms(void **state)
{
	static const char *const bad[] = {"", " ", "Wed", "Wednes 10:00", "now", "10", "10:0",
	    "10:000", "Wed 10:00 ", " Wed 10:00", "Wed 10:00x", "2026-11-25",
	    "2026-11-25T10:00", "26-11-25 10:00", "2026-1-25 10:00", "+1:00", "Wed -1:00",
	    "2026-11-2a 10:00", "2026-11-25 10:00:00", ":00", "1:", "Mi 10:00"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(bad[i], -EINVAL);
}

static int
berlin(void **state)
{
	(void)state;
	/* Its rules spelt out, so that no time zone files are needed. */
	assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
	tzset();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(next_weekday),
	    cmocka_unit_test(next_time),
	    cmocka_unit_test(date),
	    cmocka_unit_test(no_such_time),
	    cmocka_unit_test(other_forms),
	};

	return cmocka_run_group_tests(tests, berlin, NULL);
}
