/* Windows of time: what may be written, and when it holds by the wall clock. */
#include "policy/when.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

static int
parse(const char *text, struct when *when, char *why, size_t cap)
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", text);
	why[0] = '\0';
	return when_parse(copy, when, why, cap);
}

/* Whether text holds at "YYYY-MM-DD HH:MM:SS" on the wall, the earlier such time. */
static bool
holds(const char *text, const char *time)
{
	struct when_clock clock;
	struct tm tm = {.tm_isdst = -1};
	struct when when;
	char why[256];
	bool is_held;

	if (parse(text, &when, why, sizeof(why)) != 0)
		fail_msg("%s: %s", text, why);
	assert_non_null(strptime(time, "%Y-%m-%d %H:%M:%S", &tm));
	assert_true(when_clock(mktime(&tm), &clock));
	is_held = when_holds(&when, &clock);
	when_free(&when);
	return is_held;
}

/* 2026-11-16 is a Monday. */
static const struct {
	const char *when, *time;
	bool holds;
} moments[] = {
    {"always", "2026-11-16 00:00:00", true},
    /* Days. */
    {"Mon", "2026-11-15 23:59:59", false},
    {"Mon", "2026-11-16 00:00:00", true},
    {"Mon", "2026-11-16 23:59:59", true},
    {"Mon", "2026-11-17 00:00:00", false},
    {"Mon,Tue", "2026-11-17 12:00:00", true},
    {"Mon,Wed-Fri", "2026-11-17 12:00:00", false},
    {"Mon,Wed-Fri", "2026-11-20 12:00:00", true},
    {"Mon-Fri", "2026-11-21 12:00:00", false},
    /* Ranges of days wrap. */
    {"Fri-Mon", "2026-11-22 12:00:00", true},
    {"Fri-Mon", "2026-11-16 12:00:00", true},
    {"Fri-Mon", "2026-11-17 12:00:00", false},
    {"Fri-Mon", "2026-11-20 00:00:00", true},
    {"Sun-Sat", "2026-11-18 12:00:00", true},
    /* Times are half-open. */
    {"17:00-23:00", "2026-11-16 16:59:59", false},
    {"17:00-23:00", "2026-11-16 17:00:00", true},
    {"17:00-23:00", "2026-11-16 22:59:59", true},
    {"17:00-23:00", "2026-11-16 23:00:00", false},
    {"22:00-24:00", "2026-11-16 23:59:59", true},
    {"22:00-24:00", "2026-11-17 00:00:00", false},
    {"00:00-24:00", "2026-11-16 00:00:00", true},
    {"08:00-12:00,13:00-17:00", "2026-11-16 12:30:00", false},
    {"08:00-12:00,13:00-17:00", "2026-11-16 13:00:00", true},
    /* Days and times. */
    {"Mon-Fri 17:00-23:00", "2026-11-16 18:00:00", true},
    {"Mon-Fri 17:00-23:00", "2026-11-16 12:00:00", false},
    {"Mon-Fri 17:00-23:00", "2026-11-21 18:00:00", false},
    /* Past midnight, they belong to the day they started. */
    {"Fri 22:00-06:00", "2026-11-20 21:59:59", false},
    {"Fri 22:00-06:00", "2026-11-20 22:00:00", true},
    {"Fri 22:00-06:00", "2026-11-21 05:59:59", true},
    {"Fri 22:00-06:00", "2026-11-21 06:00:00", false},
    {"Fri 22:00-06:00", "2026-11-20 05:00:00", false},
    {"Fri 22:00-06:00", "2026-11-21 22:30:00", false},
    {"Sun 22:00-00:00", "2026-11-22 23:59:59", true},
    {"Sun 22:00-00:00", "2026-11-23 00:00:00", false},
    {"22:00-06:00", "2026-11-18 03:00:00", true},
    {"00:01-00:00", "2026-11-18 00:00:00", false},
    {"00:01-00:00", "2026-11-18 00:01:00", true},
    {"Sat 23:59-23:58", "2026-11-22 23:57:59", true},
    {"Sat 23:59-23:58", "2026-11-22 23:58:00", false},
    /* Either window. */
    {"Fri 22:00-06:00; Sun", "2026-11-22 15:00:00", true},
    {"Fri 22:00-06:00; Sun", "2026-11-21 15:00:00", false},
    {"Fri 22:00-06:00;Sun", "2026-11-21 03:00:00", true},
    /* since and until: the whole line, both days included. */
    {"always since 2026-11-16", "2026-11-15 23:59:59", false},
    {"always since 2026-11-16", "2026-11-16 00:00:00", true},
    {"always until 2026-11-16", "2026-11-16 23:59:59", true},
    {"always until 2026-11-16", "2026-11-17 00:00:00", false},
    {"always since 2026-11-16 until 2026-11-16", "2026-11-16 12:00:00", true},
    {"Mon; Tue until 2026-11-16", "2026-11-17 12:00:00", false},
    {"Mon; Tue until 2026-11-16", "2026-11-09 12:00:00", true},
    {"Mon; Tue since 2026-11-17", "2026-11-16 12:00:00", false},
    {"Mon; Tue since 2026-11-17", "2026-11-23 12:00:00", true},
    /* The night that begins on the last day is that day's to its end. */
    {"22:00-06:00 until 2026-11-20", "2026-11-21 05:59:59", true},
    {"22:00-06:00 until 2026-11-20", "2026-11-21 22:00:00", false},
    {"22:00-06:00 since 2026-11-20", "2026-11-20 05:00:00", false},
    {"22:00-06:00 since 2026-11-20", "2026-11-21 05:00:00", true},
    {"always until 2028-02-29", "2028-02-29 12:00:00", true},
    {"always until 2028-02-29", "2028-03-01 00:00:00", false},
    /* The wall clock jumps: 2026-03-29 02:00 to 03:00; 10-25 has 02:30 twice. */
    {"Sun 01:30-02:30", "2026-03-29 01:59:59", true},
    {"Sun 01:30-02:30", "2026-03-29 03:00:00", false},
    {"Sun 02:00-03:30", "2026-03-29 03:00:00", true},
    {"Sun 02:00-03:00", "2026-10-25 02:59:59", true},
};

static void
what_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		if (holds(moments[i].when, moments[i].time) != moments[i].holds)
			fail_msg("%s at %s", moments[i].when, moments[i].time);
}

/* The hour that comes twice is judged alike both times. */
static void
hour_twice(void **state)
{
	static const time_t first = 1792888200; /* 2026-10-25 00:30 UTC, 02:30 CEST */
	char text[] = "Sun 02:00-03:00", why[64];
	struct when_clock clock;
	struct when when;

	(void)state;
	assert_int_equal(when_parse(text, &when, why, sizeof(why)), 0);
	for (int hour = -1; hour <= 2; hour++) {
		assert_true(when_clock(first + hour * 3600, &clock));
		assert_int_equal(when_holds(&when, &clock), hour == 0 || hour == 1);
	}
	when_free(&when);
}

#define NO_DAY(x)   "'" x "' is not a day: write Mon Tue Wed Thu Fri Sat Sun"
#define NO_TIMES(x) "'" x "' is not a range of times: write HH:MM-HH:MM"
#define NO_DATE(x)  "'" x "' is not a date: write YYYY-MM-DD"
#define NO_WINDOW   "lacks days or times: write always, or days and times"
#define RESERVED                                                                               \
	"'from' is reserved for a later version: no grant can be bound to an address yet"
#define DATES " is out of place: write [since DATE] [until DATE], once each"

static const char *const refused[][2] = {
    {"", NO_WINDOW},
    {"never", NO_DAY("never")},
    {"Always", NO_DAY("Always")},
    {"always always", "'always' is out of place"},
    {"always Mon", "'Mon' is out of place"},
    {"always; Mon", NO_DAY("always")},
    {"Mon; always", NO_DAY("always")},
    {"mon", NO_DAY("mon")},
    {"Monday", NO_DAY("Monday")},
    {"Mo", NO_DAY("Mo")},
    {"Mon,", NO_DAY("")},
    {",Mon", NO_DAY("")},
    {"Mon, Tue", NO_DAY("")},
    {"Mon Tue", "'Tue' is out of place"},
    {"Mon-", NO_DAY("")},
    {"-Mon", NO_DAY("")},
    {"Mon-Wed-Fri", NO_DAY("Wed-Fri")},
    {"Mon-Mon", "the range Mon-Mon begins and ends with the same day"},
    {"Mon,Mon", "a day is there twice"},
    {"Mon-Wed,Tue", "a day is there twice"},
    {"17:00-17:00", "17:00-17:00 is empty: for the whole day write 00:00-24:00"},
    {"24:00-24:00", "24:00 can only be an end"},
    {"24:00-06:00", "24:00 can only be an end"},
    {"17:00", "'17:00' is neither days nor times: write HH:MM-HH:MM"},
    {"17:00-", NO_TIMES("17:00-")},
    {"17-23", NO_TIMES("17-23")},
    {"7:00-23:00", NO_TIMES("7:00-23:00")},
    {"07:0-23:00", NO_TIMES("07:0-23:00")},
    {"17:00-24:01", NO_TIMES("17:00-24:01")},
    {"17:60-23:00", NO_TIMES("17:60-23:00")},
    {"25:00-26:00", NO_TIMES("25:00-26:00")},
    {"17:00-23:00:00", NO_TIMES("17:00-23:00:00")},
    {"17:00-18:00-19:00", NO_TIMES("17:00-18:00-19:00")},
    {"1 :00-23:00", "'1' is neither days nor times: write HH:MM-HH:MM"},
    {"17:00-23:00 Mon", "'Mon' is out of place"},
    {"17:00-23:00, 01:00-02:00", "'' is neither days nor times: write HH:MM-HH:MM"},
    {"Mon 17:00-23:00 08:00-09:00", "'08:00-09:00' is out of place"},
    {"Mon;", NO_WINDOW},
    {";Mon", NO_WINDOW},
    {"Mon;;Tue", NO_WINDOW},
    {"until 2027-03-31", NO_WINDOW},
    {"always until", "lacks a date: write YYYY-MM-DD"},
    {"always until 31.03.2027", NO_DATE("31.03.2027")},
    {"always until 2027-3-31", NO_DATE("2027-3-31")},
    {"always until 2027-03-31T00:00", NO_DATE("2027-03-31T00:00")},
    {"always until 2027-02-29", "'2027-02-29' is no day of the calendar"},
    {"always until 2100-02-29", "'2100-02-29' is no day of the calendar"},
    {"always until 2027-13-01", "'2027-13-01' is no day of the calendar"},
    {"always until 2027-00-01", "'2027-00-01' is no day of the calendar"},
    {"always until 2027-01-00", "'2027-01-00' is no day of the calendar"},
    {"always until 2027-04-31", "'2027-04-31' is no day of the calendar"},
    {"always until 1969-12-31", "'1969-12-31' is no day of the calendar"},
    {"always until +027-03-31", "'+027-03-31' is no day of the calendar"},
    {"always until 2027-03-31 until 2027-04-30", "'until'" DATES},
    {"always until 2027-03-31 since 2027-01-01", "'since'" DATES},
    {"always since 2027-03-31 since 2027-01-01", "'since'" DATES},
    {"always since 2027-03-31 until 2027-03-30", "ends before it begins"},
    {"always until 2027-03-31 x", "'x' is out of place"},
    {"Mon until 2027-03-31; Tue", "'until' holds for the whole line: write it at its end"},
    {"Mon until 2027-03-31 Tue", "'Tue' is out of place"},
    {"Mon x; Tue", "'x' is out of place"},
    {"always from 10.0.0.0/8", RESERVED},
    {"Mon from 10.0.0.0/8", RESERVED},
    {"from 10.0.0.0/8", RESERVED},
    {"Mon; Tue 10:00-11:00 until 2027-03-31 from ::/0", RESERVED},
    {"Mon;from ::/0", RESERVED},
    {"Monfrom", NO_DAY("Monfrom")},
};

static void
what_is_refused(void **state)
{
	struct when when;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int err = parse(refused[i][0], &when, why, sizeof(why));
		if (err == 0)
			fail_msg("taken: %s", refused[i][0]);
		assert_int_equal(err, -EINVAL);
		assert_string_equal(why, refused[i][1]);
	}
}

static void
too_many_windows(void **state)
{
	char text[2048] = "00:00-00:01", why[64];
	struct when when;

	(void)state;
	for (int i = 1; i < 64; i++)
		strncat(text, ";00:00-00:01", 16);
	assert_int_equal(when_parse(strdupa(text), &when, why, sizeof(why)), 0);
	assert_int_equal(when.window_count, 64);
	when_free(&when);
	strncat(text, ";00:00-00:01", 16);
	assert_int_equal(when_parse(strdupa(text), &when, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "has more than 64 windows");
}

/* What was not filled in, or was freed, holds at no time of this century. */
static void
empty_denies(void **state)
{
	struct when when = {0};
	struct when_clock clock = {.day = 20000};

	(void)state;
	assert_false(when_holds(&when, &clock));
	when_free(&when);
	for (clock.day = -1; clock.day < 2; clock.day++)
		assert_false(when_holds(&when, &clock));
	assert_false(when_clock(INT64_MAX, &clock));
	assert_false(when_clock(INT64_MIN, &clock));
}

/* The days' numbers against libc's, over five centuries. */
static void
calendar(void **state)
{
	struct when_clock clock;

	(void)state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	for (int64_t day = -30000; day < 150000; day++) {
		assert_true(when_clock(day * 86400 + 3661, &clock));
		assert_int_equal(clock.day, day);
		assert_int_equal(clock.minute, 61);
		assert_int_equal(clock.second, 1);
	}
}

static int
in_berlin(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(what_holds, in_berlin),
	    cmocka_unit_test_setup(hour_twice, in_berlin),
	    cmocka_unit_test_setup(what_is_refused, in_berlin),
	    cmocka_unit_test_setup(too_many_windows, in_berlin),
	    cmocka_unit_test_setup(empty_denies, in_berlin),
	    cmocka_unit_test(calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
