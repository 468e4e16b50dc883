/* The audit record's own state, for audit.c and the two that belong to it: what may
 * wait (audit_kept.c), and denials that are summed (audit_sums.c). */
#ifndef SALLYPORT_DAEMON_AUDIT_STATE_H
#define SALLYPORT_DAEMON_AUDIT_STATE_H

#include "daemon/audit.h"
#include "daemon/backlog.h"

#define AUDIT_TALLIES 256

/* Denials of one uid (or name) in the running second. */
struct tally {
	bool is_used;
	uint64_t who;
	int64_t second;
	unsigned int written;
	uint64_t held; /* counted, not written */
};

struct audit {
	struct gateway *gw;
	struct wire_out *out;
	size_t durable_at, count_at;
	uint16_t fields;
	uint64_t seq;
	struct tally tallies[AUDIT_TALLIES];
	struct tally rest; /* of those for whom there was no place */
	struct backlog backlog;
	struct backlog held; /* audit_end_soon's, for HOLD_MS at most */
	struct loop_watch *hold_timer; /* NULL until needed */
	bool is_draining;    /* the oldest of the backlog is on its way */
	int64_t retry_at_ms; /* not before, when the recorder could not write */
};

/* audit.c: closes the message that was packed. */
void audit_seal(struct audit *audit, enum proto_keep keep);
/* audit.c: sends what was packed and sealed; as audit_end_durable. */
int audit_send(struct audit *audit, audit_done_fn *fn, void *arg);
/* audit_kept.c: writes what waits, as far as that can be done now. */
void audit_drain(struct audit *audit);
/* audit_kept.c: what is held goes before what was packed, as _DURABLE, or _BEFORE where
 * that is going to be durable. */
void audit_let_go(struct audit *audit, enum proto_keep keep);
/* audit_sums.c: writes the sums of the seconds before that one. */
void audit_sum(struct audit *audit, int64_t before);

#endif
