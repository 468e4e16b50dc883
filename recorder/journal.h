/* Tells the journal each record's number and hash, so that a cut or rewritten
 * file can be found out. Never blocks, never fails anything: what it cannot take
 * now waits here, and when that is full the oldest is given up. */
#ifndef SALLYPORT_RECORDER_JOURNAL_H
#define SALLYPORT_RECORDER_JOURNAL_H

#include "recorder/chain.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_WAITING  512 /* records */
#define JOURNAL_TEXT_MAX 2048

/* What of a record leaves the file: texts in printable ASCII, "" for none. */
struct journal_record {
	uint64_t seq;
	char hash[DIGEST_HEX_LEN + 1];
	char event[64], user[512], source[64], vm[256], verdict[16];
};

struct journal {
	int fd;           /* -1: none */
	bool is_absent;   /* nobody listened at the last try */
	uint64_t missed;  /* records that it was never told */
	uint64_t unsaid;  /* of these, not yet on the log */
	int64_t quiet_ms; /* nothing more about that on the log before this time */
	size_t first, n;  /* of what waits */
	struct {
		size_t len;
		char text[JOURNAL_TEXT_MAX];
	} waiting[JOURNAL_WAITING];
};

/* Makes the socket (journald's native protocol, systemd.io/JOURNAL_NATIVE_PROTOCOL). */
void journal_open(struct journal *journal);

/* Takes a record in; nothing is sent yet. */
void journal_add(struct journal *journal, const struct journal_record *record);

/* Sends what waits, as much as the journal takes. To be called when all that was
 * added is on disk, so that it never knows of a record that a power cut took. */
void journal_send(struct journal *journal);

#endif
