/* Picks seq, day and prev out of a line as line_format writes it. */
#include "recorder/head.h"

#include "lib/audit_name.h"
#include "recorder/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char seq_mark[] = "{\"seq\":", time_mark[] = ",\"time\":\"",
		  prev_mark[] = "\"prev\":\"", end_mark[] = "\"}";
#define LEN(mark) (sizeof(mark) - 1)

static bool
takes(const char **at, const char *end, const char *mark, size_t len)
{
	if ((size_t)(end - *at) < len || memcmp(*at, mark, len) != 0)
		return false;
	*at += len;
	return true;
}

static uint64_t
take_seq(const char **at, const char *end)
{
	uint64_t seq = 0;

	for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
		if (seq > INT64_MAX / 10 - 1)
			return 0;
		seq = seq * 10 + (uint64_t)(**at - '0');
	}
	return seq;
}

int
head_parse(const char *line, size_t len, struct head *head)
{
	const char *at = line, *end = line + len;
	const size_t prev_len = LEN(prev_mark) + DIGEST_HEX_LEN + LEN(end_mark);
	char day[11] = "";

	if (!takes(&at, end, seq_mark, LEN(seq_mark)))
		return -EBADMSG;
	head->seq = take_seq(&at, end);
	if (head->seq == 0 || !takes(&at, end, time_mark, LEN(time_mark)) ||
	    (size_t)(end - at) < prev_len + sizeof(day))
		return -EBADMSG;
	memcpy(day, at, sizeof(day) - 1);
	head->day = audit_name_day(day);
	at = end - prev_len;
	if (head->day < 0 || !takes(&at, end, prev_mark, LEN(prev_mark)) ||
	    memcmp(end - LEN(end_mark), end_mark, LEN(end_mark)) != 0)
		return -EBADMSG;
	memcpy(head->prev, at, DIGEST_HEX_LEN);
	head->prev[DIGEST_HEX_LEN] = '\0';
	return strspn(head->prev, "0123456789abcdef") == DIGEST_HEX_LEN ? 0 : -EBADMSG;
}

int
head_find(int fd, struct head *head)
{
	char *buf = malloc(LINE_MAX_LEN + 1), *newline;
	size_t len = 0;
	ssize_t n = 1;
	int err = 0;

	*head = (struct head){0};
	if (buf == NULL)
		return -ENOMEM;
	while (err == 0 && n > 0 && len <= LINE_MAX_LEN) {
		n = pread(fd, buf + len, LINE_MAX_LEN + 1 - len, (off_t)len);
		if (n < 0 && errno != EINTR)
			err = -errno;
		len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	newline = memchr(buf, '\n', len);
	/* What a power cut left unwritten is NUL bytes: no whole line. */
	if (err == 0 && newline != NULL && memchr(buf, '\0', (size_t)(newline - buf)) == NULL)
		err = head_parse(buf, (size_t)(newline - buf), head);
	else if (err == 0 && newline == NULL && len > LINE_MAX_LEN)
		err = -EBADMSG;
	if (err < 0)
		head->seq = 0;
	free(buf);
	return err;
}
