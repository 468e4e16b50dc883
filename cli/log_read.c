/* One file after the other. */
#include "cli/log_read.h"

#include "lib/audit_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NEAR    65536 /* bytes that are as fast read as searched */
#define HEAD    256   /* of a line, with its time */
#define POLL_NS (200L * 1000 * 1000)

struct reader {
	const struct log_filter *filter;
	log_read_fn *fn;
	void *arg;
};

static int
give(const struct reader *r, const char *line, size_t len)
{
	struct audit_record record;
	int result = 0;

	if (audit_line_parse(line, len, &record) < 0)
		return r->fn(r->arg, NULL, line, len);
	if (log_filter_takes(r->filter, &record))
		result = r->fn(r->arg, &record, line, len);
	audit_line_free(&record);
	return result;
}

/* The time in the line that begins at *at or behind it, and where it begins; false
 * when there is none before end. */
static bool
time_behind(int fd, off_t *at, off_t end, char when[LOG_TIME_MAX])
{
	static const char mark[] = ",\"time\":\"";
	char buf[HEAD + 1];
	const char *found;

	for (off_t from = *at; from < end; from += HEAD) {
		ssize_t n = pread(fd, buf, HEAD, from);
		const char *newline = n > 0 ? memchr(buf, '\n', (size_t)n) : NULL;
		if (n <= 0)
			return false;
		if (newline == NULL)
			continue;
		*at = from + (newline - buf) + 1;
		n = pread(fd, buf, HEAD, *at);
		if (n <= 0)
			return false;
		buf[n] = '\0';
		found = strstr(buf, mark);
		if (found == NULL || strlen(found) < sizeof(mark) + LOG_TIME_MAX)
			return false;
		snprintf(when, LOG_TIME_MAX, "%.26s", found + sizeof(mark) - 1);
		return true;
	}
	return false;
}

/* To a line's beginning, behind which all records since that time are: times rise
 * in a file, but for a clock that was put back. */
static void
skip_before(int fd, const char *since)
{
	off_t low = 0, high = lseek(fd, 0, SEEK_END);
	char when[LOG_TIME_MAX];

	while (high - low > NEAR) {
		off_t middle = low + (high - low) / 2, at = middle;
		if (time_behind(fd, &at, high, when) && strcmp(when, since) < 0)
			low = at;
		else
			high = middle;
	}
	(void)lseek(fd, low, SEEK_SET);
}

static int
read_file(const struct reader *r, const char *path)
{
	struct audit_lines lines;
	const char *line;
	size_t len;
	int n = audit_line_open(&lines, path), result = 0, closed;

	if (n == 0 && lines.pipe.fd < 0 && r->filter->since[0] != '\0')
		skip_before(lines.fd, r->filter->since);
	while (n >= 0 && result == 0 && (n = audit_line_next(&lines, &line, &len)) > 0)
		result = give(r, line, len);
	closed = audit_line_close(&lines);
	if (result != 0)
		return result;
	return n < 0 ? n : closed;
}

/* The file ends before: the next one begins on an earlier day. */
static bool
ends_before(const struct audit_files *files, size_t i, const char *since)
{
	struct audit_name name;

	return since[0] != '\0' && i + 1 < files->count &&
	       audit_name_parse(strrchr(files->paths[i + 1], '/') + 1, &name) &&
	       name.day < audit_name_day(since);
}

int
log_read_all(const struct audit_files *files, const struct log_filter *filter, log_read_fn *fn,
    void *arg, const char **path)
{
	const struct reader r = {.filter = filter, .fn = fn, .arg = arg};
	int result = 0;

	for (size_t i = 0; result == 0 && i < files->count; i++) {
		*path = files->paths[i];
		if (!ends_before(files, i, filter->since))
			result = read_file(&r, files->paths[i]);
	}
	return result;
}

/* --- what comes --------------------------------------------------------------- */

/* To the beginning of the last n lines. */
static void
skip_to_last(int fd, size_t n)
{
	off_t end = lseek(fd, 0, SEEK_END), at = end;
	char buf[4096];

	for (n++; at > 0;) {
		off_t from = at > (off_t)sizeof(buf) ? at - (off_t)sizeof(buf) : 0;
		ssize_t len = pread(fd, buf, (size_t)(at - from), from);
		for (ssize_t i = len; i > 0; i--)
			if (buf[i - 1] == '\n' && --n == 0) {
				(void)lseek(fd, from + i, SEEK_SET);
				return;
			}
		if (len <= 0)
			return;
		at = from;
	}
	(void)lseek(fd, 0, SEEK_SET);
}

static bool
is_replaced(int fd, const char *path)
{
	struct stat now, ours;

	return stat(path, &now) == 0 && fstat(fd, &ours) == 0 &&
	       (now.st_ino != ours.st_ino || now.st_dev != ours.st_dev);
}

/* What there is: 0 at the end, not 0 to end. */
static int
drain(const struct reader *r, struct audit_lines *lines)
{
	const char *line;
	size_t len;
	int n, result;

	while ((n = audit_line_next(lines, &line, &len)) > 0) {
		result = give(r, line, len);
		if (result != 0)
			return result;
	}
	return n;
}

/* One file, until it is whole and another one has its name. */
static int
follow_file(const struct reader *r, struct audit_lines *lines, const char *path)
{
	const struct timespec pause = {.tv_nsec = POLL_NS};
	int result;

	for (;;) {
		/* Asked before: what was written until then is read after it. */
		bool is_old = is_replaced(lines->fd, path);
		result = drain(r, lines);
		if (result == 0)
			result = r->fn(r->arg, NULL, NULL, 0);
		if (result != 0 || is_old)
			return result;
		nanosleep(&pause, NULL);
	}
}

int
log_read_follow(const char *folder, size_t last, const struct log_filter *filter,
    log_read_fn *fn, void *arg)
{
	const struct reader r = {.filter = filter, .fn = fn, .arg = arg};
	struct audit_lines lines;
	char path[4096];
	int result = 0;

	if (snprintf(path, sizeof(path), "%s/%s", folder, AUDIT_NAME_NOW) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (bool is_first = true; result == 0; is_first = false) {
		result = audit_line_open(&lines, path);
		if (result == 0 && is_first)
			skip_to_last(lines.fd, last);
		if (result == 0)
			result = follow_file(&r, &lines, path);
		audit_line_close(&lines);
	}
	return result;
}
