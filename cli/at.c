/* Wall-clock words to a time. */
#include "cli/at.h"

#include "lib/num.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char *const days[] = {
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

/* The number of len digits at text, or -EINVAL, -ERANGE. */
static int
digits(const char *text, size_t len, int min, int max)
{
	char copy[8];
	uint64_t value;
	int err;

	if (len >= sizeof(copy) || strnlen(text, len) < len)
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	err = num_parse(copy, (uint64_t)min, (uint64_t)max, &value);
	return err < 0 ? err : (int)value;
}

/* 0..6 from Sunday, or -EINVAL. */
static int
read_day(const char *text, size_t len)
{
	for (int i = 0; i < 7; i++)
		if ((len == 3 || len == strlen(days[i])) &&
		    strncasecmp(text, days[i], len) == 0)
			return i;
	return -EINVAL;
}

/* "10:00", "9:30", to the end of text. */
static int
read_time(const char *text, struct tm *tm)
{
	const char *colon = strchr(text, ':');

	if (colon == NULL || colon == text || colon - text > 2 || strlen(colon + 1) != 2)
		return -EINVAL;
	tm->tm_hour = digits(text, (size_t)(colon - text), 0, 23);
	if (tm->tm_hour < 0)
		return tm->tm_hour;
	tm->tm_min = digits(colon + 1, 2, 0, 59);
	return tm->tm_min < 0 ? tm->tm_min : 0;
}

static int
read_date(const char *text, size_t len, struct tm *tm)
{
	int year, month, day;

	if (len != 10 || text[4] != '-' || text[7] != '-')
		return -EINVAL;
	year = digits(text, 4, 1970, 9999);
	month = digits(text + 5, 2, 1, 12);
	day = digits(text + 8, 2, 1, 31);
	if (year < 0 || month < 0 || day < 0)
		return year == -EINVAL || month == -EINVAL || day == -EINVAL ? -EINVAL
									     : -ERANGE;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return 0;
}

/* mktime, but only of what stands on a calendar and a clock. */
static int
make(const struct tm *wanted, time_t *at)
{
	struct tm tm = *wanted;
	time_t t;

	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	t = mktime(&tm);
	if (t == (time_t)-1 || tm.tm_min != wanted->tm_min || tm.tm_hour != wanted->tm_hour ||
	    tm.tm_mday != wanted->tm_mday || tm.tm_mon != wanted->tm_mon)
		return -ERANGE;
	*at = t;
	return 0;
}

/* The first such time that is not past; day -1: any. */
static int
next(int day, struct tm *clock, time_t now, time_t *at)
{
	time_t this_minute = now - now % 60;
	struct tm today;

	if (localtime_r(&now, &today) == NULL)
		return -ERANGE;
	for (int ahead = 0; ahead <= 7; ahead++) {
		/* Noon exists on every day, and mktime carries days over months. */
		struct tm date = {.tm_year = today.tm_year,
		    .tm_mon = today.tm_mon,
		    .tm_mday = today.tm_mday + ahead,
		    .tm_hour = 12,
		    .tm_isdst = -1};
		if (mktime(&date) == (time_t)-1)
			return -ERANGE;
		if (day >= 0 && date.tm_wday != day)
			continue;
		date.tm_hour = clock->tm_hour;
		date.tm_min = clock->tm_min;
		if (make(&date, at) < 0) {
			if (day >= 0)
				return -ERANGE;
		} else if (*at >= this_minute) {
			return 0;
		}
	}
	return -ERANGE;
}

int
at_parse(const char *text, time_t now, time_t *at)
{
	const char *blank = strchr(text, ' ');
	size_t len = blank != NULL ? (size_t)(blank - text) : 0;
	struct tm tm = {0};
	time_t found;
	int err, day = -1;
	bool is_date = false;

	if (blank != NULL) {
		day = read_day(text, len);
		is_date = day < 0;
		err = is_date ? read_date(text, len, &tm) : 0;
		if (err < 0)
			return err;
		text += len + strspn(blank, " ");
	}
	err = read_time(text, &tm);
	if (err == 0)
		err = is_date ? make(&tm, &found) : next(day, &tm, now, &found);
	if (err == 0)
		*at = found;
	return err;
}
