/* Two forms of lines, told apart by their first character. */
#include "cli/audit_anchor.h"

#include "cli/audit_line.h"
#include "cli/audit_pipe.h"
#include "cli/json.h"
#include "lib/array.h"
#include "lib/num.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACCOUNT "_sallyport-record"

struct reading {
	struct anchors *anchors;
	char uid[24];       /* of the recorder's account; "": not known on this machine */
	char first_uid[24]; /* where it is not known: of the first entry */
};

static bool
is_hash(const char *text, size_t len)
{
	return len == ANCHOR_HASH_LEN && strspn(text, "0123456789abcdef") >= ANCHOR_HASH_LEN;
}

static int
add(struct anchors *anchors, const char *seq, const char *hash)
{
	struct anchor *grown;
	uint64_t number;

	if (hash == NULL || !is_hash(hash, strlen(hash)) || seq == NULL ||
	    num_parse(seq, 1, INT64_MAX, &number) < 0)
		return -EBADMSG;
	grown = array_grow(anchors->list, anchors->count, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	anchors->list = grown;
	anchors->list[anchors->count].seq = (int64_t)number;
	memcpy(anchors->list[anchors->count++].hash, hash, ANCHOR_HASH_LEN);
	return 0;
}

/* "seq hash", blanks around. */
static int
add_plain(struct anchors *anchors, const char *line, size_t len)
{
	char copy[160], *rest = copy, *word, *words[3];
	size_t n = 0;

	if (len >= sizeof(copy) || memchr(line, '\0', len) != NULL)
		return -EBADMSG;
	memcpy(copy, line, len);
	copy[len] = '\0';
	while (n < 3 && (word = strsep(&rest, " \t\r")) != NULL)
		if (*word != '\0')
			words[n++] = word;
	if (n == 0 || words[0][0] == '#')
		return 0;
	return n == 2 ? add(anchors, words[0], words[1]) : -EBADMSG;
}

/* _UID is the journal's own word, not the sender's. */
static bool
is_recorders(struct reading *r, const char *uid)
{
	if (uid == NULL)
		return false;
	if (r->uid[0] != '\0')
		return strcmp(uid, r->uid) == 0;
	if (r->first_uid[0] == '\0')
		snprintf(r->first_uid, sizeof(r->first_uid), "%s", uid);
	return strcmp(uid, r->first_uid) == 0 && strcmp(uid, "0") != 0;
}

/* An entry of `journalctl -o json`: other entries are passed over. */
static int
add_json(struct reading *r, const char *line, size_t len)
{
	struct json_flat *json = json_some_read(line, len);
	const char *seq = json_flat_text(json, "SALLYPORT_SEQ");
	int err = 0;

	if (json == NULL)
		return -EBADMSG;
	if (seq != NULL && is_recorders(r, json_flat_text(json, "_UID")))
		err = add(r->anchors, seq, json_flat_text(json, "SALLYPORT_HASH"));
	else
		r->anchors->foreign++;
	json_flat_free(json);
	return err;
}

static int
compare(const void *a, const void *b)
{
	const struct anchor *l = a, *r = b;

	if (l->seq != r->seq)
		return l->seq < r->seq ? -1 : 1;
	return memcmp(l->hash, r->hash, ANCHOR_HASH_LEN);
}

static int
read_lines(struct audit_lines *lines, struct reading *r)
{
	const char *line;
	size_t len;
	int n;

	while ((n = audit_line_next(lines, &line, &len)) > 0) {
		int err = len > 0 && line[0] == '{' ? add_json(r, line, len)
						    : add_plain(r->anchors, line, len);
		if (err < 0)
			return err;
	}
	return n < 0 ? n : lines->is_unfinished ? -EBADMSG : 0;
}

static int
open_source(const char *source, const char *uid, struct audit_lines *lines)
{
	static char program[] = "/usr/bin/journalctl", form[] = "json", opt_form[] = "-o",
		    quiet[] = "-q", whole[] = "--all", pager[] = "--no-pager",
		    fields[] = "--output-fields=SALLYPORT_SEQ,SALLYPORT_HASH,_UID",
		    match[] = "SYSLOG_IDENTIFIER=sallyport";
	char by_uid[40];
	char *argv[] = {
	    program, quiet, pager, whole, fields, opt_form, form, match, NULL, NULL};

	if (strcmp(source, "journal") != 0)
		return audit_line_open(lines, strcmp(source, "-") == 0 ? "/dev/stdin" : source);
	if (uid[0] != '\0') {
		snprintf(by_uid, sizeof(by_uid), "_UID=%s", uid);
		argv[8] = by_uid;
	}
	return audit_line_start(lines, argv, NULL);
}

int
audit_anchor_read(const char *source, struct anchors *anchors, FILE *out)
{
	struct reading r = {.anchors = anchors};
	const struct passwd *pw = getpwnam(ACCOUNT);
	struct audit_lines lines;
	int err, closed;

	*anchors = (struct anchors){0};
	if (pw != NULL)
		snprintf(r.uid, sizeof(r.uid), "%u", pw->pw_uid);
	err = open_source(source, r.uid, &lines);
	if (err == 0)
		err = read_lines(&lines, &r);
	if (err == -EBADMSG || err == -EMSGSIZE)
		fprintf(out, "anchor %s:%llu: neither \"seq hash\" nor the journal's JSON\n",
		    source, (unsigned long long)lines.number);
	closed = audit_line_close(&lines);
	err = err < 0 ? err : closed;
	if (err == 0 && anchors->count == 0)
		err = -ENODATA;
	if (err < 0 && err != -EBADMSG && err != -EMSGSIZE)
		fprintf(out, "anchor %s: %s\n", source,
		    err == -ENODATA ? "there is nothing of the recorder's in it"
				    : strerror(-err));
	if (err == 0)
		qsort(anchors->list, anchors->count, sizeof(*anchors->list), compare);
	return err;
}

void
audit_anchor_free(struct anchors *anchors)
{
	free(anchors->list);
	*anchors = (struct anchors){0};
}

const struct anchor *
audit_anchor_find(struct anchors *anchors, int64_t seq)
{
	while (anchors->next < anchors->count && anchors->list[anchors->next].seq < seq)
		anchors->next++;
	if (anchors->next < anchors->count && anchors->list[anchors->next].seq == seq)
		return &anchors->list[anchors->next++];
	return NULL;
}

int64_t
audit_anchor_last(const struct anchors *anchors)
{
	return anchors->count == 0 ? 0 : anchors->list[anchors->count - 1].seq;
}
