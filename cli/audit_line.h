/* Lines of the audit file, read one by one and taken apart. */
#ifndef SALLYPORT_CLI_AUDIT_LINE_H
#define SALLYPORT_CLI_AUDIT_LINE_H

#include "cli/audit_pipe.h"
#include "cli/json.h"
#include "lib/audit_field.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The recorder writes no longer one. */
#define AUDIT_LINE_MAX 262144

struct audit_lines {
	int fd;
	struct audit_pipe pipe; /* when a program reads the file for us */
	char *buf;        /* of AUDIT_LINE_MAX bytes */
	size_t at, len;   /* what is left in buf */
	uint64_t number;  /* of the line given last, from 1 */
	bool is_unfinished; /* the file ended without a newline; its bytes were left out */
	size_t unfinished;  /* so many */
};

/* Opens the file; one whose name ends in .gz, .xz or .zst through gzip, xz or zstd.
 * 0, -ENOMEM, -errno. audit_line_close in any case: 0, or -EIO when such a program
 * has failed, and what came was not all. */
int audit_line_open(struct audit_lines *lines, const char *path);
/* The lines that a program writes; as audit_pipe_open. */
int audit_line_start(struct audit_lines *lines, char *const *argv, const char *stdin_path);
int audit_line_close(struct audit_lines *lines);

/* The next line, without its newline; valid until the next call. 1; 0 at the
 * end; -EMSGSIZE when it is longer than AUDIT_LINE_MAX, -errno. */
int audit_line_next(struct audit_lines *lines, const char **line, size_t *len);

struct audit_value {
	const char *text; /* NULL: none, null or a number */
	int64_t number;
	bool is_number;
};

struct audit_record {
	int64_t seq;
	const char *time, *host, *prev;
	struct audit_value field[AUDIT_FIELDS];
	struct json_flat *json; /* owns all the texts */
};

/* Takes a line apart. 0; -EBADMSG when it is not one JSON object with a seq
 * above 0, a time, a host, an event and a prev of 64 hexadecimal digits, each
 * once, and nothing in it but texts, numbers and nulls. audit_line_free then
 * is harmless. */
int audit_line_parse(const char *line, size_t len, struct audit_record *record);
void audit_line_free(struct audit_record *record);

#endif
