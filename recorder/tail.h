/* Where an audit file ends, found from its end: files can be big. */
#ifndef SALLYPORT_RECORDER_TAIL_H
#define SALLYPORT_RECORDER_TAIL_H

#include "recorder/chain.h"

#include <stdint.h>
#include <sys/types.h>

/* What a crash can have left behind the last flush: at most one batch. */
#define TAIL_WINDOW 1048576

struct tail {
	struct chain chain; /* at the last whole line */
	off_t size;         /* bytes up to and with that line's newline */
	off_t cut;          /* bytes behind it that are no line: the caller cuts them */
	uint64_t store_seq; /* the highest near the end of the file; 0: none in it */
};

/* Reads fd, whose offset is left alone. NUL bytes within the last TAIL_WINDOW,
 * as file systems leave them after a power cut, count as unwritten from their
 * line on. 0; -EBADMSG when the file's end is not made of audit lines;
 * -ENOMEM, -errno. Blocks on the disk. */
int tail_find(int fd, struct tail *tail);

#endif
