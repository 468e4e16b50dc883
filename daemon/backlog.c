/* A queue with two limits. */
#include "daemon/backlog.h"

#include <stdlib.h>
#include <string.h>

void
backlog_init(struct backlog *backlog)
{
	*backlog = (struct backlog){0};
	backlog->last = &backlog->first;
}

void
backlog_free(struct backlog *backlog)
{
	struct backlog_record *record;

	while ((record = backlog_pop(backlog)) != NULL)
		free(record);
}

/* Three quarters for denials, of which anybody can cause as many as he likes. */
static bool
has_room(const struct backlog *backlog, size_t len, bool is_end)
{
	size_t records = is_end ? BACKLOG_RECORDS_MAX : BACKLOG_RECORDS_MAX / 4 * 3;
	size_t bytes = is_end ? BACKLOG_BYTES_MAX : BACKLOG_BYTES_MAX / 4 * 3;

	return backlog->count < records && len <= bytes && backlog->bytes <= bytes - len;
}

void
backlog_push(struct backlog *backlog, const void *bytes, size_t len, bool is_end, time_t at)
{
	struct backlog_record *record =
	    has_room(backlog, len, is_end) ? malloc(sizeof(*record) + len) : NULL;

	if (record == NULL) {
		backlog->lost_denials += !is_end;
		backlog->lost_ends += is_end;
		return;
	}
	*record = (struct backlog_record){.is_end = is_end, .at = at, .len = len};
	memcpy(record->bytes, bytes, len);
	*backlog->last = record;
	backlog->last = &record->next;
	backlog->count++;
	backlog->bytes += len;
}

struct backlog_record *
backlog_pop(struct backlog *backlog)
{
	struct backlog_record *record = backlog->first;

	if (record == NULL)
		return NULL;
	backlog->first = record->next;
	if (backlog->first == NULL)
		backlog->last = &backlog->first;
	backlog->count--;
	backlog->bytes -= record->len;
	record->next = NULL;
	return record;
}

void
backlog_unpop(struct backlog *backlog, struct backlog_record *record)
{
	record->next = backlog->first;
	backlog->first = record;
	if (record->next == NULL)
		backlog->last = &record->next;
	backlog->count++;
	backlog->bytes += record->len;
}
