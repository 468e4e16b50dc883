/* The audit record, as the supervisor writes it: fields are packed and handed to
 * the recorder. No access without a durable record; denials are never flushed,
 * and above 10/s of one uid they are summed. */
#ifndef SALLYPORT_DAEMON_AUDIT_H
#define SALLYPORT_DAEMON_AUDIT_H

#include "daemon/conn.h"
#include "daemon/gateway.h"
#include "lib/audit_field.h"

#include <stdint.h>

/* error 0: the record is on disk. */
typedef void audit_done_fn(void *arg, int error);

struct audit *audit_new(struct gateway *gw);
void audit_free(struct audit *audit);

/* Begins a record; then fields; then exactly one of the four ends. NULL and ""
 * texts are left out. */
void audit_begin(struct audit *audit, const char *event);
void audit_text(struct audit *audit, enum audit_field field, const char *text);
void audit_number(struct audit *audit, enum audit_field field, uint64_t value);
/* user, uid, source, conn, ssh_key, key of a connection. */
void audit_conn(struct audit *audit, const struct conn *conn);

/* fn is called later, once, unless -errno is returned. */
int audit_end_durable(struct audit *audit, audit_done_fn *fn, void *arg);
/* Durable, but nobody waits: an end. */
void audit_end_noted(struct audit *audit);
/* The same for what came to its end by itself: for some ms it waits for another record,
 * whose flush it then shares. No other record is written before it. */
void audit_end_soon(struct audit *audit);
/* Not flushed: a denial. */
void audit_end_plain(struct audit *audit);
/* What of the last three cannot be written now waits, within bounds, and is written in
 * its order, with its time in AUDIT_AT. (If the recorder ends just then, it may stand
 * in the log twice.) How many wait, and found no room: */
void audit_waiting(const struct audit *audit, size_t *count, uint64_t *lost);
/* The recorder is ready. */
void audit_resume(struct audit *audit);

/* May a denial of this uid, or of this audit_name_key, be written now? If not it is
 * counted, and the next one that may carries the sum in AUDIT_COUNT: *count, 1 or
 * more. */
bool audit_may_deny(struct audit *audit, uint64_t who, uint64_t *count);
/* For who has no uid that is known: never equal to a uid. */
uint64_t audit_name_key(const char *name);
/* Once a second: writes the sums of those who have fallen silent. */
void audit_sweep(struct audit *audit);
/* At the end: writes all sums that are left. */
void audit_write_sums(struct audit *audit);

/* The highest sequence known to be on disk. */
uint64_t audit_seq(const struct audit *audit);
void audit_set_seq(struct audit *audit, uint64_t seq);

#endif
