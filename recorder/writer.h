/* Turns records into lines of the file, a batch at a time: one write, one flush,
 * then the answers. Owns the chain, the room kept, and what must be told next. */
#ifndef SALLYPORT_RECORDER_WRITER_H
#define SALLYPORT_RECORDER_WRITER_H

#include "lib/proto.h"
#include "recorder/chain.h"
#include "recorder/head.h"
#include "recorder/journal.h"
#include "recorder/kernel.h"
#include "recorder/line.h"
#include "recorder/space.h"
#include "recorder/tail.h"

#define WRITER_RECORDS 256
#define WRITER_BYTES   TAIL_WINDOW

struct writer_entry {
	uint32_t id;      /* of the request */
	bool is_answered, is_before; /* durable; left to the next one's flush and answer */
	bool is_notice;   /* our own */
	int error;        /* errno; 0: on disk */
	uint64_t seq;     /* 0: no line */
	struct journal_record told; /* for journal and kernel, once it is on disk */
};

struct writer {
	int fd; const char *host;
	off_t size; /* of what is written and good */
	struct chain good, chain; /* at size; with the batch */
	struct head head;   /* the file's first line; seq 0: it is empty */
	struct space space; struct journal journal;
	struct kernel kernel;
	uint64_t store_seq; /* the highest that was in a record */
	int64_t unflushed_ms; /* since when lines wait for a flush; 0: none does */
	uint64_t cut, dropped, tells_cut, tells_dropped; /* not yet told; by the batch */
	size_t n, len; /* of the batch: entries, bytes */
	struct writer_entry entries[WRITER_RECORDS];
	char buf[WRITER_BYTES];
};

/* Begins at the tail, cutting what is no line, and says so in a record. journal, kernel
 * and fd stay the caller's. 0, -errno: the recorder must end. */
int writer_begin(struct writer *w, int fd, const char *host, const struct tail *tail);

bool writer_has_room(const struct writer *w); /* for another record in the batch */
/* What is to be durable gets an entry, even when refused; another may be dropped.
 * writer_refuse: an entry that is only an answer: error, no line. */
void writer_add(
    struct writer *w, uint32_t id, enum proto_keep keep, const struct line_record *record);
void writer_refuse(struct writer *w, uint32_t id, int error);

/* Writes and flushes the batch; entries[n] then hold the answers. 0; -errno when a
 * flush or a cut failed and the file's state is unknown: end without an answer. */
int writer_commit(struct writer *w);
void writer_tell(struct writer *w); /* journal and kernel, after the answers */
void writer_clear(struct writer *w);
int writer_settle(struct writer *w); /* flushes what nobody waits for. 0, -errno: end */

#endif
