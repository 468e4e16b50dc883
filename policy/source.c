/* Reads configuration files; knows no grammar. */
#include "policy/source.h"

#include "lib/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool
has_mark(const char *text, size_t len)
{
	return (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) ||
	       (len >= 2 &&
		   (memcmp(text, "\xfe\xff", 2) == 0 || memcmp(text, "\xff\xfe", 2) == 0));
}

/* Static text about the first byte in line[len], without its newline, that
 * may not be there; NULL if all may. */
static const char *
bad_byte(const char *line, size_t len, bool crlf_ok)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];
		if ((c >= 0x20 && c != 0x7f) || c == '\t')
			continue;
		if (c == '\0')
			return "holds a NUL byte";
		if (c != '\r' || i + 1 != len)
			return "holds a control character";
		if (!crlf_ok)
			return "ends in CR LF: use plain newlines";
	}
	return NULL;
}

bool
source_check(
    const char *file, const char *text, size_t len, bool crlf_ok, struct report *report)
{
	size_t errors = report->errors, number = 0, at = 0;

	if (has_mark(text, len))
		report_error(
		    report, file, 1, NULL, "begins with a byte-order mark: use plain UTF-8");
	while (at < len) {
		const char *line = text + at, *end = memchr(line, '\n', len - at), *why;
		size_t n = end != NULL ? (size_t)(end - line) : len - at;

		number++;
		why = bad_byte(line, n, crlf_ok);
		if (why != NULL)
			report_error(report, file, number, NULL, "the line %s", why);
		if (end == NULL)
			report_error(report, file, number, NULL,
			    "the last line has no newline: the file may have been cut short");
		at += n + 1;
	}
	return report->errors == errors;
}

static long long
mtime_of(const struct stat *st)
{
	return (long long)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Reads fd, and makes sure that nobody wrote meanwhile. */
static int
read_still(int fd, size_t max, char **text, size_t *len, long long *mtime_ns)
{
	struct stat before, after;
	int err;

	if (fstat(fd, &before) < 0)
		return -errno;
	if (before.st_size < 0 || (unsigned long long)before.st_size > max)
		return -EFBIG;
	err = io_read_all(fd, max, text, len);
	if (err < 0)
		return err;
	if (fstat(fd, &after) < 0 || mtime_of(&before) != mtime_of(&after) ||
	    (size_t)after.st_size != *len) {
		free(*text);
		*text = NULL;
		return -EAGAIN;
	}
	*mtime_ns = mtime_of(&after);
	return 0;
}

static void
explain(const struct source *source, int err, const char *why, struct report *report)
{
	if (why != NULL)
		report_error(report, source->file, 0, NULL, "%s %s", source->path, why);
	else if (err == -EFBIG)
		report_error(report, source->file, 0, NULL, "%s has more than %zu bytes",
		    source->path, source->max);
	else if (err == -EAGAIN)
		report_error(report, source->file, 0, NULL, "%s changed while it was read",
		    source->path);
	else
		report_error(report, source->file, 0, NULL, "%s cannot be read: %s",
		    source->path, strerror(-err));
}

int
source_read(const struct source *source, struct report *report, char **text, size_t *len,
    long long *mtime_ns)
{
	const char *why = NULL;
	int fd, err;

	*text = NULL;
	fd = io_open_trusted(source->path, IO_TRUST_PUBLIC, &why);
	err = fd < 0 ? fd : read_still(fd, source->max, text, len, mtime_ns);
	io_close(&fd);
	if (err == -ENOMEM)
		return err;
	if (err != 0 || *text == NULL) {
		explain(source, err, why, report);
		return -EINVAL;
	}
	source_check(source->file, *text, *len, source->crlf_ok, report);
	return 0;
}
