/* Looks at a file's end: last whole line, and backwards for the last store_seq. */
#include "recorder/tail.h"

#include "recorder/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPAN (TAIL_WINDOW + LINE_MAX_LEN)
/* A quotation mark inside of a text is written \", so that this can't be in one. */
#define STORE_SEQ ",\"store_seq\":"
#define OVERLAP   64 /* STORE_SEQ, 20 digits and what ends them */

static int
read_at(int fd, char *buf, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pread(fd, buf, len, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

/* Digits before end, ended by a comma or a brace. */
static int
read_number(const char *at, const char *end, uint64_t *value)
{
	uint64_t sum = 0;
	const char *first = at;

	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		if (sum > (UINT64_MAX - 9) / 10)
			return -EBADMSG;
		sum = sum * 10 + (uint64_t)(*at - '0');
	}
	if (at == first || at == end || (*at != ',' && *at != '}'))
		return -EBADMSG;
	*value = sum;
	return 0;
}

/* The length of the part of buf that is whole lines without NUL bytes. */
static size_t
whole_lines(const char *buf, size_t len)
{
	const char *nul = memchr(buf, '\0', len);
	const char *newline;

	if (nul != NULL)
		len = (size_t)(nul - buf);
	newline = memrchr(buf, '\n', len);
	return newline == NULL ? 0 : (size_t)(newline - buf) + 1;
}

/* The last line of buf[len], which ends in a newline, gives seq and hash. */
static int
read_last(const char *buf, size_t len, bool from_start, struct chain *chain)
{
	static const char head[] = "{\"seq\":";
	const char *end = buf + len - 1;
	const char *line = memrchr(buf, '\n', len - 1);
	size_t size;
	uint64_t seq;

	if (line == NULL && !from_start)
		return -EBADMSG;
	line = line == NULL ? buf : line + 1;
	size = (size_t)(end - line);
	if (size < sizeof(head) || memcmp(line, head, sizeof(head) - 1) != 0 ||
	    end[-1] != '}' || read_number(line + sizeof(head) - 1, end, &seq) < 0 || seq == 0 ||
	    seq >= INT64_MAX)
		return -EBADMSG;
	return chain_go_on(chain, seq, line, size);
}

/* The highest store_seq in buf[len]; 0 when there is none. */
static uint64_t
highest(const char *buf, size_t len)
{
	const char *end = buf + len, *at = buf;
	uint64_t found = 0, value;

	while (
	    (at = memmem(at, (size_t)(end - at), STORE_SEQ, sizeof(STORE_SEQ) - 1)) != NULL) {
		at += sizeof(STORE_SEQ) - 1;
		if (read_number(at, end, &value) == 0 && value > found)
			found = value;
	}
	return found;
}

static int
find_store_seq(int fd, char *buf, struct tail *tail)
{
	off_t high = tail->size;

	while (high > 0 && tail->store_seq == 0) {
		off_t low = high > TAIL_WINDOW ? high - TAIL_WINDOW : 0;
		off_t end = high + OVERLAP < tail->size ? high + OVERLAP : tail->size;
		int err = read_at(fd, buf, (size_t)(end - low), low);
		if (err < 0)
			return err;
		tail->store_seq = highest(buf, (size_t)(end - low));
		high = low;
	}
	return 0;
}

static int
find_end(int fd, char *buf, off_t size, struct tail *tail)
{
	off_t from = size > SPAN ? size - SPAN : 0;
	size_t len = (size_t)(size - from), whole;
	int err = read_at(fd, buf, len, from);

	if (err < 0)
		return err;
	whole = whole_lines(buf, len);
	if (whole == 0 && from > 0)
		return -EBADMSG;
	tail->size = from + (off_t)whole;
	tail->cut = size - tail->size;
	return whole == 0 ? 0 : read_last(buf, whole, from == 0, &tail->chain);
}

int
tail_find(int fd, struct tail *tail)
{
	struct stat st;
	char *buf;
	int err;

	*tail = (struct tail){0};
	chain_start(&tail->chain);
	if (fstat(fd, &st) < 0)
		return -errno;
	buf = calloc(1, SPAN);
	if (buf == NULL)
		return -ENOMEM;
	err = find_end(fd, buf, st.st_size, tail);
	if (err == 0)
		err = find_store_seq(fd, buf, tail);
	free(buf);
	return err;
}
