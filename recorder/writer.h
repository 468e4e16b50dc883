/* Turns records into lines of the file, a batch at a time: one write, one flush,
 * then the answers. Owns the chain, the room kept, and what must be told next. */
#ifndef SALLYPORT_RECORDER_WRITER_H
#define SALLYPORT_RECORDER_WRITER_H

#include "recorder/chain.h"
#include "recorder/journal.h"
#include "recorder/line.h"
#include "recorder/space.h"
#include "recorder/tail.h"

#define WRITER_RECORDS 256
#define WRITER_BYTES   TAIL_WINDOW

struct writer_entry {
	uint32_t id;      /* of the request */
	bool is_answered; /* durable: its sender waits */
	bool is_notice;   /* our own */
	int error;        /* errno; 0: on disk */
	uint64_t seq;     /* 0: no line */
	char hash[DIGEST_HEX_LEN + 1];
	char event[64], user[512]; /* escaped, for the journal */
};

struct writer {
	int fd;
	off_t size; /* of what is written and good */
	const char *host;
	struct chain good;  /* at size */
	struct chain chain; /* with the batch */
	struct space space;
	struct journal journal;
	uint64_t cut;     /* bytes cut from the file's end, not yet told */
	uint64_t dropped; /* denials without a line, not yet told */
	uint64_t tells_cut, tells_dropped; /* what the batch tells of them */
	size_t n, len; /* of the batch: entries, bytes */
	struct writer_entry entries[WRITER_RECORDS];
	char buf[WRITER_BYTES];
};

/* Begins at the tail, cutting what is no line, and says so in a record.
 * journal and fd stay the caller's. 0, -errno: the recorder must end. */
int writer_begin(struct writer *w, int fd, const char *host, const struct tail *tail);

/* Whether another record fits into the batch. */
bool writer_has_room(const struct writer *w);

/* A durable record gets an entry, even when refused; another may be dropped. */
void writer_add(struct writer *w, uint32_t id, bool is_durable, const struct line_record *record);
/* An entry that is only an answer: error, no line. */
void writer_refuse(struct writer *w, uint32_t id, int error);

/* Writes and flushes the batch; entries[n] then hold the answers, until
 * writer_clear. 0; -errno when the file's state is unknown, because a flush or
 * a cut failed: answer, then end. */
int writer_commit(struct writer *w);
void writer_clear(struct writer *w);

#endif
