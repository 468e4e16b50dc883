/* The hash chain: each line carries the SHA-256 of the line before it. */
#ifndef SALLYPORT_RECORDER_CHAIN_H
#define SALLYPORT_RECORDER_CHAIN_H

#include "recorder/digest.h"

#include <stddef.h>
#include <stdint.h>

struct chain {
	uint64_t seq; /* of the last line; 0 before the first */
	char hash[DIGEST_HEX_LEN + 1]; /* of the last line; zeros before the first */
};

/* Before the first line of all. */
void chain_start(struct chain *chain);

/* Goes on over the line seq of len bytes, without its newline. 0; -EIO, and
 * *chain is untouched. */
int chain_go_on(struct chain *chain, uint64_t seq, const void *line, size_t len);

#endif
