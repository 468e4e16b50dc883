/* Words and times against fields. */
#include "cli/log_filter.h"

#include "cli/at.h"
#include "policy/duration.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define AGO_MAX_MS (UINT64_C(36500) * 86400 * 1000)

/* The day of now, or so many days before, as at_parse takes it, and a clock. */
static int
on_day(time_t now, int days_before, const char *clock, time_t *at)
{
	struct tm tm, day;
	char text[64];

	if (localtime_r(&now, &tm) == NULL)
		return -ERANGE;
	/* Noon exists on every day, and mktime carries days over months. */
	day = (struct tm){.tm_year = tm.tm_year,
	    .tm_mon = tm.tm_mon,
	    .tm_mday = tm.tm_mday - days_before,
	    .tm_hour = 12,
	    .tm_isdst = -1};
	if (mktime(&day) == (time_t)-1)
		return -ERANGE;
	snprintf(text, sizeof(text), "%04d-%02d-%02d %s", day.tm_year + 1900, day.tm_mon + 1,
	    day.tm_mday, clock);
	return at_parse(text, now, at);
}

int
log_filter_time(const char *text, time_t now, time_t *at)
{
	uint64_t ago_ms;
	char date[32];
	int err = duration_parse(text, 0, AGO_MAX_MS, &ago_ms);

	if (err == 0)
		*at = now - (time_t)(ago_ms / 1000);
	if (err != -EINVAL)
		return err;
	if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0)
		return on_day(now, text[0] == 'y', "00:00", at);
	if (strlen(text) == 10 && text[4] == '-') {
		snprintf(date, sizeof(date), "%s 00:00", text);
		return at_parse(date, now, at);
	}
	if (strchr(text, ' ') == NULL && strlen(text) <= 5)
		return on_day(now, 0, text, at);
	/* A weekday's name would mean the next one there. */
	return text[0] >= '0' && text[0] <= '9' ? at_parse(text, now, at) : -EINVAL;
}

static int
read_bound(const char *option, const char *text, time_t now, char bound[LOG_TIME_MAX])
{
	struct tm tm;
	time_t at;

	bound[0] = '\0';
	if (text == NULL)
		return 0;
	if (log_filter_time(text, now, &at) < 0 || gmtime_r(&at, &tm) == NULL)
		return cli_fail(CLI_USAGE,
		    "%s: '%s' is not a time: write \"2h\" (ago), \"10:00\", \"yesterday\" or "
		    "\"2026-11-20 10:00\"",
		    option, text);
	strftime(bound, LOG_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	return 0;
}

int
log_filter_begin(struct log_filter *filter, const struct cli *cli, time_t now)
{
	const struct log_words *words = &cli->log;
	int status;

	*filter = (struct log_filter){
	    .words = words, .users = cli->users, .user_count = cli->user_count};
	status = read_bound("--since", words->since, now, filter->since);
	return status != 0 ? status : read_bound("--until", words->until, now, filter->until);
}

static bool
fits(const char *word, const struct audit_record *record, enum audit_field field)
{
	return word == NULL || (record->field[field].text != NULL &&
				   strcmp(word, record->field[field].text) == 0);
}

/* A file transfer's field names several VMs, "books:ro webdev +280". */
static bool
names_vm(const char *word, const struct audit_record *record)
{
	const char *at = record->field[AUDIT_VM].text;
	size_t len;

	if (word == NULL || at == NULL)
		return word == NULL;
	for (;; at += len + strspn(at + len, " ")) {
		len = strcspn(at, " ");
		if (len == 0)
			return false;
		if (strncmp(at, word, strlen(word)) == 0 &&
		    (strlen(word) == len || at[strlen(word)] == ':'))
			return true;
	}
}

static bool
is_of(const struct log_filter *filter, const char *user)
{
	for (size_t i = 0; i < filter->user_count; i++)
		if (user != NULL && strcmp(filter->users[i], user) == 0)
			return true;
	return filter->user_count == 0;
}

bool
log_filter_takes(const struct log_filter *filter, const struct audit_record *record)
{
	const struct log_words *words = filter->words;

	return is_of(filter, record->field[AUDIT_USER].text) && names_vm(words->vm, record) &&
	       fits(words->event, record, AUDIT_EVENT) &&
	       fits(words->verdict, record, AUDIT_VERDICT) &&
	       (filter->since[0] == '\0' || strcmp(record->time, filter->since) >= 0) &&
	       (filter->until[0] == '\0' || strcmp(record->time, filter->until) < 0);
}
