/* What an audit file's first line says: where its chain begins. */
#ifndef SALLYPORT_RECORDER_HEAD_H
#define SALLYPORT_RECORDER_HEAD_H

#include "recorder/digest.h"

#include <stddef.h>
#include <stdint.h>

struct head {
	uint64_t seq; /* 0: the file has no whole line yet */
	int64_t day;  /* UTC, since 1970-01-01 */
	char prev[DIGEST_HEX_LEN + 1];
};

/* Reads the beginning of fd, whose offset is left alone. 0; -EBADMSG when the
 * first line is no audit record; -ENOMEM, -errno. Blocks on the disk. */
int head_find(int fd, struct head *head);

/* The same of a line without its newline. 0, -EBADMSG. */
int head_parse(const char *line, size_t len, struct head *head);

#endif
