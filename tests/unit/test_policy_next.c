/* The decision and its next change against an oracle that looks at every minute,
 * over weeks in which the clock jumps. The oracle knows windows as numbers, dates as
 * what localtime says, and yesterday as what mktime says: none of the code that it
 * judges. */
#include "policy/next.h"
#include "tests/support/policy_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka needs the above. */
#include <cmocka.h>

#define LINES_MAX   4
#define WINDOWS_MAX 3
#define DAYS        62 /* which the oracle knows */
#define MINUTES     (DAYS * 1440)
#define ASKED       (14 * 1440) /* of these questions are asked */

/* --- the oracle's calendar -------------------------------------------------------- */

struct minute {
	int date, yesterday; /* yyyymmdd */
	int weekday, minute;
};

static struct minute calendar[MINUTES];
static time_t first; /* of the calendar */

static int
date_of(const struct tm *tm)
{
	return (tm->tm_year + 1900) * 10000 + (tm->tm_mon + 1) * 100 + tm->tm_mday;
}

static void
make_calendar(const char *zone, const char *day)
{
	struct tm tm = {.tm_isdst = -1};

	setenv("TZ", zone, 1);
	tzset();
	assert_non_null(strptime(day, "%Y-%m-%d", &tm));
	first = mktime(&tm);
	for (int i = 0; i < MINUTES; i++) {
		time_t at = first + i * 60;
		struct tm now, before;
		assert_non_null(localtime_r(&at, &now));
		before = now;
		calendar[i].date = date_of(&now);
		calendar[i].weekday = now.tm_wday;
		calendar[i].minute = now.tm_hour * 60 + now.tm_min;
		/* The day before as the calendar on the wall counts, even where the zone
		 * left one out. */
		before.tm_isdst = 0;
		before.tm_hour = 12;
		before.tm_mday--;
		before.tm_gmtoff = 0;
		timegm(&before);
		calendar[i].yesterday = date_of(&before);
	}
}

/* --- random lines -------------------------------------------------------------- */

struct oracle_line {
	int rights; /* of the table below */
	struct {
		int days, start, end; /* end up to 1440 more than a day: past midnight */
	} windows[WINDOWS_MAX];
	int count;        /* 0: always */
	int since, until; /* yyyymmdd; 0, 99999999 */
};

enum { HAS_SPICE = 1, HAS_VIEW = 2, HAS_USB = 4, HAS_REST = 8 };
static const struct {
	const char *word;
	int has;
} granted[] = {{"spice", HAS_SPICE | HAS_VIEW}, {"spice:view", HAS_VIEW},
    {"spice,usb", HAS_SPICE | HAS_VIEW | HAS_USB},
    {"spice:full", HAS_SPICE | HAS_VIEW | HAS_USB | HAS_REST},
    {"spice,mic,smartcard,clipboard,share", HAS_SPICE | HAS_VIEW | HAS_REST}},
  asked[] = {{"spice", HAS_SPICE}, {"spice:view", HAS_VIEW}, {"usb", HAS_USB},
      {"spice:full", HAS_SPICE | HAS_USB | HAS_REST}};

static uint64_t seed = 20261116;

static int
below(int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int)(seed % (uint64_t)n);
}

/* Minutes near which something may go wrong. */
static int
some_minute(void)
{
	static const int odd[] = {
	    0, 1, 59, 60, 90, 119, 120, 121, 149, 150, 179, 180, 181, 210, 1380, 1439, 1440};

	return below(3) == 0 ? below(1441) : odd[below(sizeof(odd) / sizeof(odd[0]))];
}

static void
make_window(struct oracle_line *line, int i)
{
	int *start = &line->windows[i].start, *end = &line->windows[i].end;

	line->windows[i].days = below(3) == 0 ? 0x7f : 1 + below(0x7f);
	*start = 0;
	*end = 1440;
	if (below(4) == 0)
		return;
	do {
		*start = some_minute();
		*end = some_minute();
	} while (*start == 1440 || *start == *end);
	if (*end < *start)
		*end += 1440;
}

static int
some_date(void)
{
	return calendar[below(40 * 1440)].date;
}

static void
make_line(struct oracle_line *line)
{
	*line = (struct oracle_line){
	    .rights = below(5), .count = below(WINDOWS_MAX + 1), .until = 99999999};
	for (int i = 0; i < line->count; i++)
		make_window(line, i);
	if (below(3) == 0)
		line->since = some_date();
	if (below(3) == 0)
		line->until = some_date();
	if (line->since > line->until)
		line->since = 0;
}

/* --- the lines as text ------------------------------------------------------------ */

static void
print_window(FILE *f, const struct oracle_line *line, int i)
{
	static const char *const names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	const char *comma = "";
	int start = line->windows[i].start, end = line->windows[i].end;

	fputs(i > 0 ? "; " : "", f);
	for (int day = 0; day < 7 && line->windows[i].days != 0x7f; day++)
		if ((line->windows[i].days >> day & 1) != 0) {
			fprintf(f, "%s%s", comma, names[day]);
			comma = ",";
		}
	if (end > 1440)
		end -= 1440;
	fprintf(f, " %02d:%02d-%02d:%02d", start / 60, start % 60, end / 60, end % 60);
}

static void
print_line(FILE *f, const struct oracle_line *line)
{
	fprintf(f, "%s %s %s ", below(2) == 0 ? "anne" : "@ops", below(2) == 0 ? "webdev" : "*",
	    granted[line->rights].word);
	if (line->count == 0)
		fputs("always", f);
	for (int i = 0; i < line->count; i++)
		print_window(f, line, i);
	if (line->since != 0)
		fprintf(f, " since %04d-%02d-%02d", line->since / 10000,
		    line->since / 100 % 100, line->since % 100);
	if (line->until != 99999999)
		fprintf(f, " until %04d-%02d-%02d", line->until / 10000,
		    line->until / 100 % 100, line->until % 100);
	fputc('\n', f);
}

/* --- the oracle ---------------------------------------------------------------- */

static bool
line_holds(const struct oracle_line *line, const struct minute *m)
{
	bool today = m->date >= line->since && m->date <= line->until;
	bool yesterday = m->yesterday >= line->since && m->yesterday <= line->until;

	if (line->count == 0)
		return today;
	for (int i = 0; i < line->count; i++) {
		int days = line->windows[i].days, start = line->windows[i].start,
		    end = line->windows[i].end;
		if (today && (days >> m->weekday & 1) != 0 && m->minute >= start &&
		    m->minute < end)
			return true;
		if (yesterday && (days >> (m->weekday + 6) % 7 & 1) != 0 &&
		    m->minute + 1440 >= start && m->minute + 1440 < end)
			return true;
	}
	return false;
}

static bool allowed[MINUTES];
static int change[MINUTES]; /* the next minute with another verdict; MINUTES: none known */

static void
judge_all(const struct oracle_line *lines, int n, int needed)
{
	for (int i = 0; i < MINUTES; i++) {
		int has = 0;
		for (int k = 0; k < n; k++)
			if (line_holds(&lines[k], &calendar[i]))
				has |= granted[lines[k].rights].has;
		allowed[i] = (has & needed) == needed;
	}
	for (int i = MINUTES - 1, next = MINUTES; i >= 0; i--) {
		if (i + 1 < MINUTES && allowed[i + 1] != allowed[i])
			next = i + 1;
		change[i] = next;
	}
}

/* --- the comparison ------------------------------------------------------------- */

static void
compare(const struct policy *policy, const char *text, const char *right, int i, int second)
{
	static const char *const ops[] = {"adm", "ops"};
	const struct question question = {.user = "anne",
	    .groups = ops,
	    .group_count = 2,
	    .vm = "webdev",
	    .right = right,
	    .at = first + i * 60 + second};
	struct answer answer;
	time_t expected = first + change[i] * 60;

	decide(policy, &question, &answer);
	if ((answer.verdict == VERDICT_ALLOW) != allowed[i])
		fail_msg("%s at %ld: verdict %d for\n%s", right, (long)question.at,
		    answer.verdict, text);
	/* Beyond the calendar all that is known is that nothing changes in it. */
	if (change[i] == MINUTES ? answer.next_change != 0 && answer.next_change < expected
				 : answer.next_change != expected)
		fail_msg("%s at %ld: next change %ld, not %ld, for\n%s", right,
		    (long)question.at, (long)answer.next_change, (long)expected, text);
}

static void
one_policy(bool is_thorough)
{
	struct oracle_line lines[LINES_MAX];
	int n = 1 + below(LINES_MAX), right = below(4), step = is_thorough ? 1 : 1 + below(97);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct policy *policy;

	for (int i = 0; i < n; i++) {
		make_line(&lines[i]);
		print_line(f, &lines[i]);
	}
	fclose(f);
	policy = policy_of_grants(text);
	judge_all(lines, n, asked[right].has);
	for (int i = 0; i < ASKED; i += step)
		compare(policy, text, asked[right].word, i, below(60));
	policy_free(policy);
	free(text);
}

/* $THOROUGH (tests/run --long) makes it ten times as many. */
static void
compare_in(const char *zone, const char *day, int sampled)
{
	int times = getenv("THOROUGH") != NULL ? 10 : 1;

	make_calendar(zone, day);
	for (int i = 0; i < times; i++)
		one_policy(true);
	for (int i = 0; i < times * sampled; i++)
		one_policy(false);
}

static void
berlin_in_spring(void **state)
{
	(void)state;
	compare_in("Europe/Berlin", "2026-03-21", 25);
}

static void
berlin_in_autumn(void **state)
{
	(void)state;
	compare_in("Europe/Berlin", "2026-10-17", 25);
}

/* Half an hour of daylight saving. */
static void
lord_howe(void **state)
{
	(void)state;
	compare_in("Australia/Lord_Howe", "2026-03-28", 12);
	compare_in("Australia/Lord_Howe", "2026-09-28", 12);
}

/* Midnight is skipped, or comes twice. */
static void
beirut_at_midnight(void **state)
{
	(void)state;
	compare_in("Asia/Beirut", "2026-03-23", 12);
	compare_in("Asia/Beirut", "2026-10-19", 12);
}

/* 2011-12-30 did not take place. */
static void
samoa_without_a_day(void **state)
{
	(void)state;
	compare_in("Pacific/Apia", "2011-12-20", 12);
}

static void
utc(void **state)
{
	(void)state;
	compare_in("UTC", "2026-02-20", 12);
}

/* More looks than are taken: then an earlier time at which nothing changes. */
static void
bounded(void **state)
{
	enum { MANY = 40 };
	static struct when_window windows[1440];
	static struct when whens[MANY];
	static struct next_line lines[MANY];
	struct next_lines all = {.lines = lines, .count = MANY, .needed = 3};
	struct when_clock clock;
	time_t now = 1800000000, next;

	(void)state;
	for (int i = 0; i < 1440; i++)
		windows[i] = (struct when_window){
		    .days = 0x7f, .start = (uint16_t)i, .end = (uint16_t)(i + 1)};
	assert_true(when_clock(now, &clock));
	for (int i = 0; i < MANY; i++) {
		whens[i] = (struct when){.windows = windows,
		    .window_count = i == 0 ? 1440 : 1,
		    .since = clock.day + i * 100,
		    .until = INT32_MAX};
		lines[i] = (struct next_line){.when = &whens[i], .gives = 1};
	}
	next = next_change(&all, now);
	assert_true(next > now);
	assert_true(when_clock(next, &clock));
	assert_false(next_holds(&all, &clock));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(berlin_in_spring),
	    cmocka_unit_test(berlin_in_autumn),
	    cmocka_unit_test(lord_howe),
	    cmocka_unit_test(beirut_at_midnight),
	    cmocka_unit_test(samoa_without_a_day),
	    cmocka_unit_test(utc),
	    cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
