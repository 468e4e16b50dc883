/* The batch: collected, written, flushed, or taken back as a whole. */
#include "recorder/writer.h"

#include "lib/escape.h"
#include "lib/io.h"
#include "lib/log.h"
#include "recorder/logfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_S 86400

bool
writer_has_room(const struct writer *w)
{
	/* Two more entries and lines: what there is to be told goes in front. */
	return w->n + 3 <= WRITER_RECORDS && w->len + 3 * (LINE_MAX_LEN + 1) <= WRITER_BYTES;
}

static void
copy_text(char *to, size_t cap, const struct line_field *field)
{
	escape_bytes(to, cap, field->text, field->kind == LINE_TEXT ? field->len : 0);
}

/* Formats the record as the next line behind the batch, which does not yet hold
 * it. 0, -errno. */
static int
format_next(struct writer *w, const struct line_record *record, size_t *len)
{
	struct line_frame frame = {
	    .seq = w->chain.seq + 1, .host = w->host, .prev = w->chain.hash};

	clock_gettime(CLOCK_REALTIME, &frame.time);
	return line_format(record, &frame, w->buf + w->len, sizeof(w->buf) - w->len - 1, len);
}

/* Takes the line of len bytes behind the batch into it. 0, -errno. */
static int
take_line(
    struct writer *w, struct writer_entry *entry, const struct line_record *record, size_t len)
{
	int err = chain_go_on(&w->chain, w->chain.seq + 1, w->buf + w->len, len);
	struct journal_record *told = &entry->told;

	if (err < 0)
		return err;
	w->len += len;
	w->buf[w->len++] = '\n';
	entry->seq = told->seq = w->chain.seq;
	memcpy(told->hash, w->chain.hash, sizeof(told->hash));
	copy_text(told->event, sizeof(told->event), &record->field[AUDIT_EVENT]);
	copy_text(told->user, sizeof(told->user), &record->field[AUDIT_USER]);
	copy_text(told->source, sizeof(told->source), &record->field[AUDIT_SOURCE]);
	copy_text(told->vm, sizeof(told->vm), &record->field[AUDIT_VM]);
	copy_text(told->verdict, sizeof(told->verdict), &record->field[AUDIT_VERDICT]);
	if (line_number(record, AUDIT_STORE_SEQ) > w->store_seq)
		w->store_seq = line_number(record, AUDIT_STORE_SEQ);
	return 0;
}

/* A record of our own. 0; -ENOSPC, -errno: to be told later. */
static int
tell(struct writer *w, const struct line_record *record)
{
	size_t len;
	int err = format_next(w, record, &len);

	if (err == 0 && !space_is_enough(&w->space, w->size + (off_t)(w->len + len + 1)))
		err = -ENOSPC;
	if (err < 0)
		return err;
	w->entries[w->n] = (struct writer_entry){.is_notice = true};
	err = take_line(w, &w->entries[w->n], record, len);
	w->n += err == 0;
	return err;
}

static void
tell_notices(struct writer *w)
{
	struct line_record record = {0};
	char text[80];

	if (w->cut > 0 && w->tells_cut == 0) {
		snprintf(
		    text, sizeof(text), "cut %" PRIu64 " bytes of an unfinished line", w->cut);
		line_set_text(&record, AUDIT_EVENT, "repair");
		line_set_text(&record, AUDIT_DETAIL, text);
		w->tells_cut = tell(w, &record) == 0 ? w->cut : 0;
	}
	record = (struct line_record){0};
	if (w->dropped > 0 && w->tells_dropped == 0) {
		line_set_text(&record, AUDIT_EVENT, "dropped");
		line_set_number(&record, AUDIT_COUNT, w->dropped);
		line_set_text(&record, AUDIT_DETAIL, "denials without a record: no space");
		w->tells_dropped = tell(w, &record) == 0 ? w->dropped : 0;
	}
}

/* Ends may use what is kept for them. */
static bool
is_end(const struct line_record *record)
{
	return line_is_event(record, "close") || line_is_event(record, "session-end");
}

static int
add_line(struct writer *w, struct writer_entry *entry, bool may_use_kept,
    const struct line_record *record)
{
	size_t len;
	int err = format_next(w, record, &len);

	if (err < 0)
		return err;
	/* Asked in any case: an end, too, refills what it takes. */
	if (!space_is_enough(&w->space, w->size + (off_t)(w->len + len + 1)) && !may_use_kept)
		return -ENOSPC;
	return take_line(w, entry, record, len);
}

void
writer_add(
    struct writer *w, uint32_t id, enum proto_keep keep, const struct line_record *record)
{
	bool is_durable = keep != PROTO_KEEP;
	struct writer_entry *entry;
	int err;

	tell_notices(w);
	entry = &w->entries[w->n];
	*entry = (struct writer_entry){
	    .id = id, .is_answered = is_durable, .is_before = keep == PROTO_KEEP_BEFORE};
	err = add_line(w, entry, is_durable && is_end(record), record);
	entry->error = -err;
	if (err < 0 && !is_durable) {
		w->dropped++;
		return;
	}
	w->n++;
}

void
writer_refuse(struct writer *w, uint32_t id, int error)
{
	w->entries[w->n++] =
	    (struct writer_entry){.id = id, .is_answered = true, .error = error};
}

/* Nothing of the batch shall be in the file. 0, -errno. */
static int
take_back(struct writer *w, int error)
{
	int err = logfile_cut(w->fd, w->size);

	log_error("audit file: %s", strerror(error));
	if (err < 0)
		log_error("audit file: cannot be cut back: %s", strerror(-err));
	space_forget(&w->space);
	w->chain = w->good;
	w->tells_cut = w->tells_dropped = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct writer_entry *entry = &w->entries[i];
		if (!entry->is_notice && !entry->is_answered)
			w->dropped++;
		if (entry->error == 0)
			entry->error = error;
		entry->seq = 0;
	}
	return err;
}

/* The first line of the file, if the batch was its first: where its chain begins. */
static void
note_first(struct writer *w)
{
	const char *newline = memchr(w->buf, '\n', w->len);

	if (w->head.seq == 0 && newline != NULL)
		(void)head_parse(w->buf, (size_t)(newline - w->buf), &w->head);
}

/* What the batch told need not be told again. */
static void
keep(struct writer *w)
{
	note_first(w);
	w->size += (off_t)w->len;
	w->good = w->chain;
	w->cut -= w->tells_cut;
	w->dropped -= w->tells_dropped;
	w->tells_cut = w->tells_dropped = 0;
}

/* Whoever is answered, be it by a refusal, is answered for those before, too. */
static bool
is_waited_for(const struct writer *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->entries[i].is_answered && !w->entries[i].is_before)
			return true;
	return false;
}

/* All that is written, also by batches before this one, is on disk when it is answered. */
int
writer_commit(struct writer *w)
{
	bool is_durable = is_waited_for(w), is_written;
	int err;

	if (w->len == 0 && !(is_durable && w->unflushed_ms != 0))
		return 0;
	err = io_write_all(w->fd, w->buf, w->len);
	is_written = err == 0;
	if (!is_written)
		err = take_back(w, -err);
	if (err == 0 && is_durable && (is_written || w->unflushed_ms != 0))
		err = logfile_flush(w->fd);
	if (err < 0) {
		if (is_written)
			(void)take_back(w, -err);
		return err;
	}
	if (is_written)
		keep(w);
	if (is_durable)
		w->unflushed_ms = 0;
	else if (is_written && w->unflushed_ms == 0)
		w->unflushed_ms = io_now_ms();
	return 0;
}

void
writer_tell(struct writer *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct writer_entry *entry = &w->entries[i];
		if (entry->seq == 0)
			continue;
		journal_add(&w->journal, &entry->told);
		kernel_tell(&w->kernel, &entry->told);
	}
	if (w->unflushed_ms == 0)
		journal_send(&w->journal);
}

int
writer_settle(struct writer *w)
{
	int err = w->unflushed_ms == 0 ? 0 : logfile_flush(w->fd);

	if (err == 0) {
		w->unflushed_ms = 0;
		journal_send(&w->journal);
	}
	return err;
}

void
writer_clear(struct writer *w)
{
	w->n = 0;
	w->len = 0;
}

/* Finds out where the file's own part of the chain begins. One whose first line is
 * damaged is gone on with: `audit verify` tells, and its name is made from its end. */
static int
begin_at(struct writer *w, int fd, const struct tail *tail)
{
	int err = head_find(fd, &w->head);

	if (err == -EBADMSG) {
		log_warn("audit file: its first line is not an audit record");
		w->head = (struct head){.seq = tail->chain.seq, .day = time(NULL) / DAY_S};
		err = 0;
	}
	if (tail->size == 0)
		w->head.seq = 0;
	return err;
}

int
writer_begin(struct writer *w, int fd, const char *host, const struct tail *tail)
{
	int err = begin_at(w, fd, tail);

	if (err < 0)
		return err;
	w->fd = fd;
	w->host = host;
	w->size = tail->size;
	w->store_seq = tail->store_seq;
	w->good = w->chain = tail->chain;
	w->cut = (uint64_t)tail->cut;
	space_init(&w->space, fd);
	/* What a recorder before us wrote and did not live to flush is on disk from here
	 * on: the number that is told at the start must not be lost again. */
	if (tail->cut == 0)
		return logfile_flush(fd);
	log_warn("audit file: %" PRIu64 " bytes of an unfinished line cut", w->cut);
	err = logfile_cut(fd, tail->size);
	if (err == 0)
		err = logfile_flush(fd);
	if (err < 0)
		return err;
	tell_notices(w);
	err = writer_commit(w);
	writer_clear(w);
	return err == 0 ? writer_settle(w) : err;
}
