/* Records that could not be written yet, packed, in order. Bounded: what is no end
 * of something that is on record leaves room for what is; what finds no room is
 * counted. Pure. */
#ifndef SALLYPORT_DAEMON_BACKLOG_H
#define SALLYPORT_DAEMON_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define BACKLOG_RECORDS_MAX 4096
#define BACKLOG_BYTES_MAX   (4 * 1024 * 1024)

struct backlog_record {
	struct backlog_record *next;
	bool is_end; /* durable: an end, or an admin's doing */
	time_t at;   /* when it happened */
	size_t len;
	uint8_t bytes[]; /* the fields of PROTO_RECORD */
};

struct backlog {
	struct backlog_record *first, **last;
	size_t count, bytes;
	uint64_t lost_denials, lost_ends;
};

void backlog_init(struct backlog *backlog);
void backlog_free(struct backlog *backlog);

/* Appends a copy, or counts it as lost. */
void backlog_push(
    struct backlog *backlog, const void *bytes, size_t len, bool is_end, time_t at);
/* Takes out the oldest, which the caller frees; NULL when there is none. */
struct backlog_record *backlog_pop(struct backlog *backlog);
/* Puts back what backlog_pop gave. */
void backlog_unpop(struct backlog *backlog, struct backlog_record *record);

#endif
