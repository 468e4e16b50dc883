/* Rows of an answer to the CLI: pairs of key and value. */
#ifndef SALLYPORT_DAEMON_ROW_H
#define SALLYPORT_DAEMON_ROW_H

#include "daemon/door.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct row {
	struct caller *caller; /* NULL once it has gone: then all of this does nothing */
	struct wire_out *out;
	size_t count_at;
	uint16_t count;
};

void row_begin(struct row *row, struct caller *caller);
void row_text(struct row *row, const char *key, const char *value);
void row_format(struct row *row, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Local wall clock; "" for 0. */
void row_time(struct row *row, const char *key, time_t when);
/* Sends it. False when the caller has gone: stop, and don't touch it. */
bool row_send(struct row *row);
/* The last message: exit status of the CLI and a text, "" if none. */
void row_end(struct caller *caller, uint8_t exit_status, const char *text);

#endif
