/* Numbers and hashes of records that were kept elsewhere: in the journal, or in a
 * file of lines "seq hash" from another machine. */
#ifndef SALLYPORT_CLI_AUDIT_ANCHOR_H
#define SALLYPORT_CLI_AUDIT_ANCHOR_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ANCHOR_HASH_LEN 64

struct anchor {
	int64_t seq;
	char hash[ANCHOR_HASH_LEN]; /* no NUL */
};

struct anchors {
	struct anchor *list; /* by seq; owned */
	size_t count;
	size_t next; /* audit_anchor_find's place */
	size_t foreign; /* lines that were none of the recorder's */
};

/* Reads source: "journal" asks journalctl(1); "-" is standard input; else a file.
 * Lines are "seq hash", or the journal's JSON: of these only what the account
 * _sallyport-record sent counts, because everybody may send to the journal. What is
 * wrong with it goes to out, a line. 0; -EBADMSG, -ENODATA when there is nothing in
 * it; -errno. The caller frees, errors or not. */
int audit_anchor_read(const char *source, struct anchors *anchors, FILE *out);
void audit_anchor_free(struct anchors *anchors);

/* The next anchor of seq, NULL when there is none more; seq must not fall. */
const struct anchor *audit_anchor_find(struct anchors *anchors, int64_t seq);

/* The highest of all; 0 when there is none. */
int64_t audit_anchor_last(const struct anchors *anchors);

#endif
