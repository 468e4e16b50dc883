/* Walks the hash chain. */
#include "cli/audit_verify.h"

#include "cli/audit_line.h"
#include "cli/libcrypto.h"
#include "cli/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define HASH_LEN ANCHOR_HASH_LEN

struct walk {
	struct anchors *anchors; /* NULL: none */
	uint64_t records, anchored;
	int64_t first, last;      /* seq; 0: no line yet */
	char hash[HASH_LEN + 1];  /* of the last line */
	char begin[HASH_LEN + 1]; /* that the first line gives for the one before it */
	int64_t at;               /* seq of the line that is looked at; 0: it has none */
	size_t unfinished;
	struct progress progress;
};

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* What is wrong with the record where it stands; NULL: nothing. */
static const char *
judge(const struct walk *walk, const struct audit_record *record)
{
	if (walk->last == 0)
		return record->seq == 1 && strcmp(record->prev, zeros) != 0
			   ? "the first record of all names one before it"
			   : NULL;
	if (record->seq <= walk->last)
		return "a record with this number, or a higher one, was there before";
	if (record->seq != walk->last + 1)
		return "records before it are missing";
	if (strcmp(record->prev, walk->hash) != 0)
		return "the line before it was changed, or is not the one it was written after";
	return NULL;
}

/* Whether the anchors know the record seq with another hash. */
static bool
contradicts(struct walk *walk, int64_t seq, const char *hash)
{
	const struct anchor *anchor;

	while (
	    walk->anchors != NULL && (anchor = audit_anchor_find(walk->anchors, seq)) != NULL) {
		walk->anchored++;
		if (memcmp(anchor->hash, hash, HASH_LEN) != 0)
			return true;
	}
	return false;
}

/* One line: NULL when it holds. */
static const char *
step(struct walk *walk, const char *line, size_t len)
{
	struct audit_record record;
	const char *wrong;

	walk->at = 0;
	if (audit_line_parse(line, len, &record) < 0)
		return "it is not an audit record";
	wrong = judge(walk, &record);
	walk->at = record.seq;
	if (wrong == NULL && walk->last == 0) {
		walk->first = record.seq;
		memcpy(walk->begin, record.prev, sizeof(walk->begin));
		if (record.seq > 1 && contradicts(walk, record.seq - 1, record.prev))
			wrong = "it does not follow the record that was anchored before it";
	}
	audit_line_free(&record);
	if (wrong != NULL)
		return wrong;
	walk->last = walk->at;
	walk->records++;
	libcrypto_hash(line, len, walk->hash);
	return contradicts(walk, walk->last, walk->hash)
		   ? "it is not the record that was anchored: the log was written anew"
		   : NULL;
}

static int
broken(const struct walk *walk, const char *path, uint64_t line, const char *wrong, FILE *out)
{
	fprintf(out, "chain broken at %s:%" PRIu64, path, line);
	if (walk->at > 0)
		fprintf(out, ": seq %" PRId64, walk->at);
	if (walk->last > 0)
		fprintf(out, " (after seq %" PRId64 ")", walk->last);
	fprintf(out, ": %s\n", wrong);
	return -EBADMSG;
}

static int
walk_file(struct walk *walk, const char *path, bool is_last, FILE *out)
{
	struct audit_lines lines;
	const char *line, *wrong = NULL;
	uint64_t number;
	size_t len;
	int n = audit_line_open(&lines, path), closed;

	walk->at = 0;
	while (n >= 0 && wrong == NULL && (n = audit_line_next(&lines, &line, &len)) > 0) {
		wrong = step(walk, line, len);
		progress_step(&walk->progress, len + 1);
	}
	if (n == -EMSGSIZE)
		wrong = "it is longer than any audit record";
	number = lines.number + (wrong == NULL);
	walk->unfinished = lines.is_unfinished ? lines.unfinished : 0;
	closed = audit_line_close(&lines);
	if (wrong == NULL && n == 0 && walk->unfinished > 0 && !is_last) {
		walk->at = 0;
		wrong = "the line is unfinished, and another file follows";
	}
	if (wrong != NULL || n < 0 || closed < 0)
		progress_end(&walk->progress);
	if (wrong != NULL)
		return broken(walk, path, number, wrong, out);
	n = n < 0 ? n : closed;
	if (n < 0)
		fprintf(out, "%s: cannot be read: %s\n", path, strerror(-n));
	return n;
}

/* Of records that were anchored, none may be missing behind the last one. */
static int
check_end(const struct walk *walk, const char *path, FILE *out)
{
	int64_t anchored = walk->anchors != NULL ? audit_anchor_last(walk->anchors) : 0;

	if (anchored <= walk->last)
		return 0;
	fprintf(out,
	    "cut at the end of %s: seq %" PRId64 " to %" PRId64
	    " are missing, of which the anchor knows the last\n",
	    path, walk->last + 1, anchored);
	return -EBADMSG;
}

static void
say_whole(const struct walk *walk, size_t files, FILE *out)
{
	if (walk->last == 0) {
		fprintf(out, "0 records\n");
	} else {
		fprintf(out, "%" PRIu64 " records", walk->records);
		if (files > 1)
			fprintf(out, " in %zu files", files);
		fprintf(out, ", seq %" PRId64 " to %" PRId64 ", chain holds\n", walk->first,
		    walk->last);
	}
	if (walk->first > 1)
		fprintf(out,
		    "begins in the middle: the hash before seq %" PRId64
		    " is taken as given: %s\n",
		    walk->first, walk->begin);
	if (walk->anchors != NULL)
		fprintf(out, "%" PRIu64 " of %zu anchored records are in it, as they were\n",
		    walk->anchored, walk->anchors->count);
	if (walk->unfinished > 0)
		fprintf(
		    out, "and %zu bytes of an unfinished line at the end\n", walk->unfinished);
}

int
audit_verify_all(const struct audit_files *files, struct anchors *anchors, FILE *out)
{
	struct walk walk = {.anchors = anchors};
	int err = 0;

	progress_begin(&walk.progress, "records", audit_files_bytes(files));
	for (size_t i = 0; err == 0 && i < files->count; i++)
		err = walk_file(&walk, files->paths[i], i + 1 == files->count, out);
	progress_end(&walk.progress);
	if (err == 0 && files->count > 0)
		err = check_end(&walk, files->paths[files->count - 1], out);
	if (err == 0)
		say_whole(&walk, files->count, out);
	return err;
}

int
audit_verify(const char *path, FILE *out)
{
	char *paths[1] = {(char *)(uintptr_t)path};
	const struct audit_files files = {.paths = paths, .count = 1};

	return audit_verify_all(&files, NULL, out);
}

int
audit_verify_anchor(const struct audit_files *files, FILE *out)
{
	struct walk walk = {0};
	struct audit_record record;

	/* The last file may have no record yet. */
	for (size_t i = files->count; i > 0 && walk.last == 0; i--) {
		struct audit_lines lines;
		const char *line;
		size_t len;
		int n = audit_line_open(&lines, files->paths[i - 1]);
		while (n >= 0 && (n = audit_line_next(&lines, &line, &len)) > 0) {
			libcrypto_hash(line, len, walk.hash);
			walk.at = audit_line_parse(line, len, &record) < 0 ? -1 : record.seq;
			walk.last = walk.at;
			audit_line_free(&record);
		}
		audit_line_close(&lines);
		if (n < 0)
			return n;
	}
	if (walk.last <= 0)
		return walk.last == 0 ? -ENODATA : -EBADMSG;
	fprintf(out, "%" PRId64 " %s\n", walk.last, walk.hash);
	return 0;
}
