/* Each step leaves a state on disk from which rotate_find goes on:
 *   1 the new file is there, empty               the old one is gone on with
 *   2 the old one has its second name, too       the same
 *   3 the new one's first line is flushed        the new one is gone on with
 *   4 the new one has the old one's name         it is an ordinary file
 * Before 3, old file, new file and names are flushed: when the first line is there,
 * nothing that it stands on can be missing. */
#include "recorder/rotate.h"

#include "lib/io.h"
#include "lib/log.h"
#include "recorder/head.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* 1: the file's first line continues the chain; 0: it has no whole line. */
static int
continues(int fd, const struct chain *chain)
{
	struct head head;
	int err = head_find(fd, &head);

	if (err < 0 || head.seq == 0)
		return err;
	if (head.seq == chain->seq + 1 && strcmp(head.prev, chain->hash) == 0)
		return 1;
	log_error("the audit file's successor does not continue it");
	return -EBADMSG;
}

/* An empty file: numbers and hashes go on. */
static int
begin_after(int before, struct tail *tail)
{
	struct tail old;
	int err = tail_find(before, &old);

	if (err < 0)
		return err;
	log_warn("the audit file is empty: goes on after the one before it, seq %" PRIu64,
	    old.chain.seq);
	tail->chain = old.chain;
	tail->store_seq = old.store_seq;
	return 0;
}

int
rotate_find(struct logfile *log, struct tail *tail, bool *is_next)
{
	uint64_t store_seq;
	int err = tail_find(log->fd, tail);

	*is_next = false;
	if (err == 0 && tail->chain.seq == 0 && log->before >= 0)
		err = begin_after(log->before, tail);
	if (err == 0 && log->next >= 0)
		err = continues(log->next, &tail->chain);
	if (err == 1) {
		*is_next = true;
		io_close(&log->fd);
		log->fd = log->next;
		log->next = -1;
		store_seq = tail->store_seq;
		err = tail_find(log->fd, tail);
		if (tail->store_seq < store_seq)
			tail->store_seq = store_seq;
	}
	io_close(&log->next);
	io_close(&log->before);
	return err;
}

/* All that the new file's first line will stand on. */
static int
flush_before(struct writer *w, int folder, int fd, bool *is_broken)
{
	struct stat st;
	int err;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		return -EINVAL;
	err = writer_settle(w);
	*is_broken = err < 0;
	if (err == 0)
		err = logfile_flush_all(fd);
	return err == 0 ? logfile_flush_all(folder) : err;
}

static void
add_first(struct writer *w, const char *old_name)
{
	struct line_record record = {0};
	char text[160];

	snprintf(text, sizeof(text), "continues %s", old_name);
	line_set_text(&record, AUDIT_EVENT, "rotate");
	line_set_text(&record, AUDIT_DETAIL, text);
	/* Store and log compare these at a start, and only this file is looked at. */
	if (w->store_seq > 0)
		line_set_number(&record, AUDIT_STORE_SEQ, w->store_seq);
	writer_add(w, 0, PROTO_KEEP_DURABLE, &record);
}

/* The first line. 0; -errno: it is not in the file. */
static int
write_first(struct writer *w, const char *old_name, bool *is_broken)
{
	int err;

	add_first(w, old_name);
	err = writer_commit(w);
	*is_broken = err < 0;
	if (err == 0)
		err = -w->entries[w->n - 1].error;
	writer_tell(w);
	writer_clear(w);
	return err;
}

int
rotate_to(struct writer *w, int folder, int fd, const char *old_name, bool *is_broken)
{
	const struct space old_space = w->space;
	const off_t old_size = w->size;
	const struct head old_head = w->head;
	int old = w->fd, err = flush_before(w, folder, fd, is_broken);

	if (err < 0) {
		io_close(&fd);
		return err;
	}
	w->fd = fd;
	w->size = 0;
	w->head.seq = 0;
	space_init(&w->space, fd);
	err = write_first(w, old_name, is_broken);
	if (err == 0) {
		(void)logfile_cut(old, old_size); /* gives back what was kept behind its end */
		io_close(&old);
		return 0;
	}
	w->fd = old;
	w->size = old_size;
	w->head = old_head;
	w->space = old_space;
	io_close(&fd);
	return err;
}
