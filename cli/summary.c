/* One entry a name. */
#include "cli/summary.h"

#include "lib/array.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct summary_entry {
	char *name;
	int64_t logins, denials, channels, up, down, duration_ms;
};

static const char *const by_names[] = {
    [SUMMARY_BY_USER] = "user", [SUMMARY_BY_VM] = "vm", [SUMMARY_BY_DAY] = "day"};

int
summary_parse_by(const char *text, enum summary_by *by)
{
	for (unsigned int i = 0; i < sizeof(by_names) / sizeof(by_names[0]); i++)
		if (strcmp(text, by_names[i]) == 0) {
			*by = (enum summary_by)i;
			return 0;
		}
	return -EINVAL;
}

/* The entry of that name, made if need be; NULL without memory. Names are few, and
 * the same one mostly comes again soon. */
static struct summary_entry *
entry_of(struct summary *s, const char *name)
{
	struct summary_entry *grown;

	for (size_t i = s->count; i > 0; i--)
		if (strcmp(s->entries[i - 1].name, name) == 0)
			return &s->entries[i - 1];
	grown = array_grow(s->entries, s->count, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	s->entries = grown;
	s->entries[s->count] = (struct summary_entry){.name = strdup(name)};
	return s->entries[s->count].name == NULL ? NULL : &s->entries[s->count++];
}

static void
day_of(const char *text, char day[16])
{
	struct tm utc = {0}, local;
	time_t at;

	snprintf(day, 16, "?");
	if (strptime(text, "%Y-%m-%dT%H:%M:%S", &utc) == NULL)
		return;
	at = timegm(&utc);
	if (localtime_r(&at, &local) != NULL)
		strftime(day, 16, "%Y-%m-%d", &local);
}

/* A file that somebody wrote by hand must not overflow a sum. */
static void
sum(int64_t *to, const struct audit_value *value, int64_t otherwise)
{
	int64_t more = value->is_number && value->number >= 0 ? value->number : otherwise;

	if (__builtin_add_overflow(*to, more, to))
		*to = INT64_MAX;
}

static bool
is_text(const struct audit_value *value, const char *text)
{
	return value->text != NULL && strcmp(value->text, text) == 0;
}

int
summary_add(struct summary *s, const struct audit_record *record)
{
	const struct audit_value *field = record->field, *event = &field[AUDIT_EVENT];
	bool is_denied = is_text(&field[AUDIT_VERDICT], "deny");
	const struct audit_value one = {.is_number = true, .number = 1};
	const char *name = field[s->by == SUMMARY_BY_VM ? AUDIT_VM : AUDIT_USER].text;
	struct summary_entry *entry;
	char day[16];

	if (!is_denied && !is_text(event, "session") && !is_text(event, "open") &&
	    !is_text(event, "close"))
		return 0;
	if (s->by == SUMMARY_BY_DAY) {
		day_of(record->time, day);
		name = day;
	}
	/* A sum of denials has no name, and a login no VM. */
	entry = entry_of(s, name != NULL ? name : "-");
	if (entry == NULL)
		return -ENOMEM;
	if (is_denied) {
		sum(&entry->denials, &field[AUDIT_COUNT], 1);
	} else if (is_text(event, "session")) {
		sum(&entry->logins, &one, 1);
	} else if (is_text(event, "open")) {
		sum(&entry->channels, &one, 1);
	} else {
		sum(&entry->up, &field[AUDIT_BYTES_UP], 0);
		sum(&entry->down, &field[AUDIT_BYTES_DOWN], 0);
		sum(&entry->duration_ms, &field[AUDIT_DURATION_MS], 0);
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(
	    ((const struct summary_entry *)a)->name, ((const struct summary_entry *)b)->name);
}

static int
put_number(struct rows_row *row, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return rows_put(row, key, text);
}

static int
put_entry(struct rows_row *row, const char *by, const struct summary_entry *entry)
{
	char duration[24];

	/* The decimals of hours are minutes to nobody: h:mm:ss. */
	snprintf(duration, sizeof(duration), "%" PRId64 ":%02d:%02d",
	    entry->duration_ms / 3600000, (int)(entry->duration_ms / 60000 % 60),
	    (int)(entry->duration_ms / 1000 % 60));
	if (row == NULL || rows_put(row, by, entry->name) < 0 ||
	    put_number(row, "logins", entry->logins) < 0 ||
	    put_number(row, "denials", entry->denials) < 0 ||
	    put_number(row, "channels", entry->channels) < 0 ||
	    put_number(row, "bytes_up", entry->up) < 0 ||
	    put_number(row, "bytes_down", entry->down) < 0 ||
	    rows_put(row, "duration", duration) < 0)
		return -ENOMEM;
	return 0;
}

int
summary_rows(struct summary *s, struct rows *rows)
{
	int err = 0;

	if (s->count > 1)
		qsort(s->entries, s->count, sizeof(*s->entries), compare);
	for (size_t i = 0; err == 0 && i < s->count; i++)
		err = put_entry(rows_add(rows), by_names[s->by], &s->entries[i]);
	return err;
}

void
summary_free(struct summary *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->entries[i].name);
	free(s->entries);
	*s = (struct summary){0};
}
