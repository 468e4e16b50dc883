/* Reads lines in pieces of bounded size, and picks each apart. */
#include "cli/audit_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
prepare(struct audit_lines *lines)
{
	*lines = (struct audit_lines){.fd = -1, .pipe = {.fd = -1}};
	lines->buf = malloc(AUDIT_LINE_MAX);
	return lines->buf == NULL ? -ENOMEM : 0;
}

int
audit_line_start(struct audit_lines *lines, char *const *argv, const char *stdin_path)
{
	int err = prepare(lines);

	if (err == 0)
		err = audit_pipe_open(&lines->pipe, argv, stdin_path);
	lines->fd = lines->pipe.fd;
	return err;
}

/* The program that unpacks a file of that name; NULL: none is needed. */
static char *
unpacker_of(const char *path)
{
	static char gzip[] = "/usr/bin/gzip", xz[] = "/usr/bin/xz", zstd[] = "/usr/bin/zstd";
	static const struct {
		const char *suffix;
		char *program;
	} known[] = {{".gz", gzip}, {".xz", xz}, {".zst", zstd}};
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = strlen(known[i].suffix);
		if (len > n && strcmp(path + len - n, known[i].suffix) == 0)
			return known[i].program;
	}
	return NULL;
}

int
audit_line_open(struct audit_lines *lines, const char *path)
{
	static char unpack[] = "-dc";
	char *argv[] = {unpacker_of(path), unpack, NULL};
	int err;

	if (argv[0] != NULL && access(path, R_OK) == 0)
		return audit_line_start(lines, argv, path);
	err = prepare(lines);
	if (err < 0)
		return err;
	lines->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return lines->fd < 0 ? -errno : 0;
}

int
audit_line_close(struct audit_lines *lines)
{
	int err;

	if (lines->fd >= 0 && lines->fd != lines->pipe.fd)
		close(lines->fd);
	err = audit_pipe_close(&lines->pipe);
	free(lines->buf);
	*lines = (struct audit_lines){.fd = -1, .pipe = {.fd = -1}};
	return err;
}

/* More bytes behind those that are left: 1, 0 at the end of the file, -errno. */
static int
fill(struct audit_lines *lines)
{
	ssize_t n;

	memmove(lines->buf, lines->buf + lines->at, lines->len);
	lines->at = 0;
	if (lines->len == AUDIT_LINE_MAX)
		return -EMSGSIZE;
	do
		n = read(lines->fd, lines->buf + lines->len, AUDIT_LINE_MAX - lines->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	lines->len += (size_t)n;
	return n > 0;
}

int
audit_line_next(struct audit_lines *lines, const char **line, size_t *len)
{
	const char *newline;
	size_t seen = 0;

	for (;;) {
		const char *start = lines->buf + lines->at;
		newline = memchr(start + seen, '\n', lines->len - seen);
		if (newline != NULL)
			break;
		seen = lines->len;
		int n = fill(lines);
		if (n > 0)
			continue;
		lines->is_unfinished = n == 0 && lines->len > 0;
		lines->unfinished = lines->len;
		lines->number += n < 0;
		return n;
	}
	*line = lines->buf + lines->at;
	*len = (size_t)(newline - *line);
	lines->at += *len + 1;
	lines->len -= *len + 1;
	lines->number++;
	return 1;
}

static bool
is_hash(const char *text)
{
	return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

int
audit_line_parse(const char *line, size_t len, struct audit_record *record)
{
	struct json_flat *json = json_flat_read(line, len);

	*record = (struct audit_record){.json = json};
	if (json == NULL || !json_flat_number(json, "seq", &record->seq))
		goto bad;
	record->time = json_flat_text(json, "time");
	record->host = json_flat_text(json, "host");
	record->prev = json_flat_text(json, "prev");
	for (unsigned int i = 0; i < AUDIT_FIELDS; i++) {
		struct audit_value *value = &record->field[i];
		value->text = json_flat_text(json, audit_field_name(i));
		value->is_number = json_flat_number(json, audit_field_name(i), &value->number);
	}
	if (record->seq > 0 && record->time != NULL && record->host != NULL &&
	    record->field[AUDIT_EVENT].text != NULL && is_hash(record->prev))
		return 0;
bad:
	audit_line_free(record);
	return -EBADMSG;
}

void
audit_line_free(struct audit_record *record)
{
	json_flat_free(record->json);
	*record = (struct audit_record){0};
}
