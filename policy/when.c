/* Windows of time: read here, and judged here. */
#include "policy/when.h"

#include "lib/array.h"
#include "lib/num.h"
#include "policy/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOWS_MAX 64
#define EVERY_DAY   0x7f

/* Where the sentence about an error goes. */
struct why {
	char *text;
	size_t cap;
};

static int
fault(const struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int
fault(const struct why *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, why->cap, format, args);
	va_end(args);
	return -EINVAL;
}

/* --- days ---------------------------------------------------------------- */

static const char *const day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* 0 Sunday … 6 Saturday; -1 for anything else. */
static int
day_number(const char *text)
{
	for (int i = 0; i < 7; i++)
		if (strcmp(text, day_names[i]) == 0)
			return i;
	return -1;
}

/* "Mon" or "Fri-Mon" into bits of days. */
static int
read_day_range(char *item, uint8_t *days, const struct why *why)
{
	char *rest = item, *first_name = text_item(&rest, '-');
	int first = day_number(first_name), last = rest != NULL ? day_number(rest) : first;
	uint8_t bits = 0;

	if (first < 0 || last < 0)
		return fault(why, "'%s' is not a day: write Mon Tue Wed Thu Fri Sat Sun",
		    first < 0 ? first_name : rest);
	if (rest != NULL && first == last)
		return fault(
		    why, "the range %s-%s begins and ends with the same day", rest, rest);
	for (int day = first;; day = (day + 1) % 7) {
		bits = (uint8_t)(bits | 1 << day);
		if (day == last)
			break;
	}
	if ((*days & bits) != 0)
		return fault(why, "a day is there twice");
	*days |= bits;
	return 0;
}

static int
read_days(char *word, uint8_t *days, const struct why *why)
{
	char *rest = word, *item;
	int err = 0;

	*days = 0;
	while (err == 0 && (item = text_item(&rest, ',')) != NULL)
		err = read_day_range(item, days, why);
	return err;
}

/* --- times ---------------------------------------------------------------- */

/* "HH:MM", two digits each, to 24:00. */
static int
read_time(const char *text, uint16_t *minute)
{
	char hours[3], minutes[3];
	uint64_t h, m;

	if (strlen(text) != 5 || text[2] != ':')
		return -EINVAL;
	memcpy(hours, text, 2);
	memcpy(minutes, text + 3, 2);
	hours[2] = minutes[2] = '\0';
	if (num_parse(hours, 0, 24, &h) < 0 || num_parse(minutes, 0, 59, &m) < 0 ||
	    (h == 24 && m != 0))
		return -EINVAL;
	*minute = (uint16_t)(h * 60 + m);
	return 0;
}

static int
read_time_range(char *item, struct when_window *window, const struct why *why)
{
	char *rest = item, *start = text_item(&rest, '-');

	if (rest == NULL)
		return fault(why, "'%s' is neither days nor times: write HH:MM-HH:MM", start);
	if (read_time(start, &window->start) < 0 || read_time(rest, &window->end) < 0)
		return fault(
		    why, "'%s-%s' is not a range of times: write HH:MM-HH:MM", start, rest);
	if (window->start == WHEN_DAY_MINUTES)
		return fault(why, "24:00 can only be an end");
	if (window->start == window->end)
		return fault(
		    why, "%s-%s is empty: for the whole day write 00:00-24:00", start, rest);
	return 0;
}

static int
add_window(struct when *when, const struct when_window *window, const struct why *why)
{
	struct when_window *grown;

	if (when->window_count == WINDOWS_MAX)
		return fault(why, "has more than %d windows", WINDOWS_MAX);
	grown = array_grow(when->windows, when->window_count, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	when->windows = grown;
	when->windows[when->window_count++] = *window;
	return 0;
}

static int
read_times(char *word, struct when *when, struct when_window *window, const struct why *why)
{
	char *rest = word, *item;
	int err = 0;

	while (err == 0 && (item = text_item(&rest, ',')) != NULL) {
		err = read_time_range(item, window, why);
		if (err == 0)
			err = add_window(when, window, why);
	}
	return err;
}

/* --- dates ---------------------------------------------------------------- */

/* Days since 1970-01-01 in the Gregorian calendar; month 1..12. */
static int32_t
day_of(int64_t year, int64_t month, int64_t day)
{
	/* March comes first, so that the leap day comes last. */
	int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
	int64_t leaps = (y >= 0 ? y : y - 3) / 4 - (y >= 0 ? y : y - 99) / 100 +
			(y >= 0 ? y : y - 399) / 400;

	return (int32_t)(y * 365 + leaps + (m * 153 + 2) / 5 + day - 1 - 719468);
}

static int
month_days(uint64_t year, uint64_t month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && is_leap ? 29 : days[month - 1];
}

/* "YYYY-MM-DD", from 1970 on. */
static int
read_date(const char *text, int32_t *date, const struct why *why)
{
	char copy[11], *rest = copy;
	uint64_t year, month, day;

	if (text == NULL)
		return fault(why, "lacks a date: write YYYY-MM-DD");
	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return fault(why, "'%s' is not a date: write YYYY-MM-DD", text);
	memcpy(copy, text, sizeof(copy));
	if (num_parse(text_item(&rest, '-'), 1970, 9999, &year) < 0 ||
	    num_parse(text_item(&rest, '-'), 1, 12, &month) < 0 ||
	    num_parse(text_item(&rest, '-'), 1, 31, &day) < 0 ||
	    day > (uint64_t)month_days(year, month))
		return fault(why, "'%s' is no day of the calendar", text);
	*date = day_of((int64_t)year, (int64_t)month, (int64_t)day);
	return 0;
}

/* "[since DATE] [until DATE]" from word on. */
static int
read_dates(char *word, char **rest, struct when *when, const struct why *why)
{
	int err = 0;

	if (word != NULL && strcmp(word, "since") == 0) {
		err = read_date(text_word(rest), &when->since, why);
		word = text_word(rest);
	}
	if (err == 0 && word != NULL && strcmp(word, "until") == 0) {
		err = read_date(text_word(rest), &when->until, why);
		word = text_word(rest);
	}
	if (err < 0)
		return err;
	if (word != NULL && (strcmp(word, "since") == 0 || strcmp(word, "until") == 0))
		return fault(why,
		    "'%s' is out of place: write [since DATE] [until DATE], once each", word);
	if (word != NULL)
		return fault(why, "'%s' is out of place", word);
	if (when->since > when->until)
		return fault(why, "ends before it begins");
	return 0;
}

/* --- the whole ------------------------------------------------------------ */

/* Whether the word begins what stands behind the windows. */
static bool
is_tail(const char *word)
{
	return strcmp(word, "since") == 0 || strcmp(word, "until") == 0;
}

static bool
is_time(const char *word)
{
	return *word >= '0' && *word <= '9';
}

/* One window: days, times, or days and times. *tail is the word behind it, if any;
 * *rest what follows that. */
static int
read_window(char **rest, char **tail, struct when *when, const struct why *why)
{
	struct when_window window = {.days = EVERY_DAY, .start = 0, .end = WHEN_DAY_MINUTES};
	char *word = text_word(rest);
	int err;

	*tail = NULL;
	if (word == NULL || is_tail(word))
		return fault(why, "lacks days or times: write always, or days and times");
	if (!is_time(word)) {
		err = read_days(word, &window.days, why);
		if (err < 0)
			return err;
		word = text_word(rest);
		if (word == NULL || !is_time(word)) {
			*tail = word;
			return add_window(when, &window, why);
		}
	}
	err = read_times(word, when, &window, why);
	*tail = text_word(rest);
	return err;
}

static int
read_windows(char *text, struct when *when, const struct why *why)
{
	char *parts = text, *part, *tail = NULL;
	int err;

	while ((part = text_item(&parts, ';')) != NULL) {
		err = read_window(&part, &tail, when, why);
		if (err < 0)
			return err;
		if (parts == NULL)
			return read_dates(tail, &part, when, why);
		if (tail != NULL)
			return is_tail(tail)
				   ? fault(why,
					 "'%s' holds for the whole line: write it at its end",
					 tail)
				   : fault(why, "'%s' is out of place", tail);
	}
	return 0;
}

/* "from CIDR" is kept free for later: a line that has it must not be read as one
 * that holds from anywhere. */
static bool
has_from(const char *text)
{
	for (const char *at = text; (at = strstr(at, "from")) != NULL; at += 4)
		if ((at == text || strchr(" \t;", at[-1]) != NULL) &&
		    strchr(" \t;", at[4]) != NULL)
			return true;
	return false;
}

int
when_parse(char *text, struct when *when, char *why_text, size_t cap)
{
	const struct why why = {.text = why_text, .cap = cap};
	char *rest = text, *word;
	int err;

	*when = (struct when){.since = INT32_MIN, .until = INT32_MAX};
	if (has_from(text))
		return fault(&why,
		    "'from' is reserved for a later version: no grant can be bound to "
		    "an address yet");
	text += strspn(text, " \t");
	if (strncmp(text, "always", 6) == 0 &&
	    (text[6] == '\0' || strchr(" \t", text[6]) != NULL)) {
		text_word(&rest);
		word = text_word(&rest);
		return read_dates(word, &rest, when, &why);
	}
	err = read_windows(text, when, &why);
	if (err < 0)
		when_free(when);
	return err;
}

void
when_free(struct when *when)
{
	free(when->windows);
	*when = (struct when){.since = INT32_MAX, .until = INT32_MIN};
}

/* --- the clock ------------------------------------------------------------ */

bool
when_clock(time_t at, struct when_clock *clock)
{
	struct tm tm;

	if (localtime_r(&at, &tm) == NULL || tm.tm_year < -10000 || tm.tm_year > 100000)
		return false;
	clock->day = day_of((int64_t)tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	clock->minute = tm.tm_hour * 60 + tm.tm_min;
	clock->second = tm.tm_sec;
	clock->offset = tm.tm_gmtoff;
	return true;
}

/* 1970-01-01 was a Thursday. */
static int
weekday(int32_t day)
{
	return ((day + 4) % 7 + 7) % 7;
}

/* Whether a window that belongs to day may hold. */
static bool
day_is_in(const struct when *when, uint8_t days, int32_t day)
{
	return (days >> weekday(day) & 1) != 0 && day >= when->since && day <= when->until;
}

bool
when_holds(const struct when *when, const struct when_clock *clock)
{
	if (when->window_count == 0)
		return day_is_in(when, EVERY_DAY, clock->day);
	for (size_t i = 0; i < when->window_count; i++) {
		const struct when_window *w = &when->windows[i];
		bool wraps = w->end < w->start;

		if (day_is_in(when, w->days, clock->day) && clock->minute >= w->start &&
		    (wraps || clock->minute < w->end))
			return true;
		if (wraps && clock->minute < w->end && day_is_in(when, w->days, clock->day - 1))
			return true;
	}
	return false;
}

static void
put_date(char *text, size_t cap, const char *word, int32_t day)
{
	time_t at = (time_t)day * 86400;
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL)
		snprintf(text, cap, "not %s %04d-%02d-%02d", word, tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
}

void
when_why_not(const struct when *when, const struct when_clock *clock, char *text, size_t cap)
{
	uint8_t days = when->window_count == 0 ? EVERY_DAY : 0;
	int today = weekday(clock->day);

	for (size_t i = 0; i < when->window_count; i++)
		days |= when->windows[i].days;
	text[0] = '\0';
	if (clock->day < when->since)
		put_date(text, cap, "before", when->since);
	else if (clock->day > when->until)
		put_date(text, cap, "after", when->until);
	else if ((days >> today & 1) == 0)
		snprintf(text, cap, "not on %s", day_names[today]);
	else
		snprintf(text, cap, "not at %02d:%02d", clock->minute / 60, clock->minute % 60);
}
