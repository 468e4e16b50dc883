/* How far a long work is, on the terminal that standard error is; on any other nothing,
 * and nothing before it has taken a second. */
#ifndef SALLYPORT_CLI_PROGRESS_H
#define SALLYPORT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; /* "records" */
	uint64_t total;	  /* bytes; 0: not known */
	uint64_t bytes, count;
	int64_t next_ms; /* when it is shown next */
	bool is_terminal, is_shown;
};

void progress_begin(struct progress *progress, const char *what, uint64_t total);
/* One more of them is done. */
void progress_step(struct progress *progress, uint64_t bytes);
/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
