/* Walks the hash chain. The only place of the CLI that knows OpenSSL. */
#include "cli/audit_verify.h"

#include "cli/audit_line.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <string.h>

struct walk {
	int64_t first, last; /* seq; 0: no line yet */
	char hash[65];       /* of the last line */
	char begin_hash[65]; /* that the first line gives for the one before it */
};

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static void
hash_line(const char *line, size_t len, char hex[65])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)line, len, digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[64] = '\0';
}

/* What is wrong with the record where it stands; NULL: nothing. */
static const char *
judge(const struct walk *walk, const struct audit_record *record)
{
	if (walk->last == 0)
		return record->seq == 1 && strcmp(record->prev, zeros) != 0
			   ? "the first record of all names one before it"
			   : NULL;
	if (record->seq != walk->last + 1)
		return "its seq does not follow the one before";
	if (strcmp(record->prev, walk->hash) != 0)
		return "the line before it was changed, or is not the one it was written after";
	return NULL;
}

/* One line: NULL when it holds. */
static const char *
step(struct walk *walk, const char *line, size_t len)
{
	struct audit_record record;
	const char *wrong;

	if (audit_line_parse(line, len, &record) < 0)
		return "it is not an audit record";
	wrong = judge(walk, &record);
	if (walk->last == 0) {
		walk->first = record.seq;
		memcpy(walk->begin_hash, record.prev, sizeof(walk->begin_hash));
	}
	walk->last = record.seq;
	hash_line(line, len, walk->hash);
	audit_line_free(&record);
	return wrong;
}

static void
say_whole(const struct walk *walk, const struct audit_lines *lines, FILE *out)
{
	if (walk->last == 0)
		fprintf(out, "0 records\n");
	else
		fprintf(out,
		    "%" PRIu64 " records, seq %" PRId64 " to %" PRId64 ", chain holds\n",
		    lines->number, walk->first, walk->last);
	if (walk->first > 1)
		fprintf(out,
		    "begins in the middle: the hash before seq %" PRId64
		    " is taken as given: %s\n",
		    walk->first, walk->begin_hash);
	if (lines->is_unfinished)
		fprintf(
		    out, "and %zu bytes of an unfinished line at the end\n", lines->unfinished);
}

int
audit_verify(const char *path, FILE *out)
{
	struct audit_lines lines;
	struct walk walk = {0};
	const char *line, *wrong = NULL;
	size_t len;
	int n = audit_line_open(&lines, path);

	while (n >= 0 && wrong == NULL && (n = audit_line_next(&lines, &line, &len)) > 0)
		wrong = step(&walk, line, len);
	if (n == -EMSGSIZE)
		wrong = "it is longer than any audit record";
	if (wrong != NULL)
		fprintf(out, "chain broken at line %" PRIu64 ": %s\n", lines.number, wrong);
	else if (n < 0)
		fprintf(out, "cannot be read: %s\n", strerror(-n));
	else
		say_whole(&walk, &lines, out);
	audit_line_close(&lines);
	return wrong != NULL ? -EBADMSG : n;
}
