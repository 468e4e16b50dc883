/* Tells the journal each record's number and hash, so that a cut or rewritten
 * file can be found out. Best effort: never blocks, never fails anything. */
#ifndef SALLYPORT_RECORDER_JOURNAL_H
#define SALLYPORT_RECORDER_JOURNAL_H

#include <stdint.h>

struct journal {
	int fd;          /* -1: no journal here */
	uint64_t missed; /* records that it was not told, not yet on the log */
	int64_t quiet_ms; /* nothing more about that on the log before this time */
};

/* Connects to journald (its native protocol, systemd.io/JOURNAL_NATIVE_PROTOCOL). */
void journal_open(struct journal *journal);

/* Texts must be printable ASCII. */
void journal_tell(struct journal *journal, uint64_t seq, const char *hash, const char *event,
    const char *user);

#endif
