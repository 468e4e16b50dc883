/* Room kept for the records that must not fail: about 1 MiB, allocated behind
 * the file's end. When it can't be kept, only ends of channels and sessions may
 * still use it. */
#ifndef SALLYPORT_RECORDER_SPACE_H
#define SALLYPORT_RECORDER_SPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SPACE_KEPT 1048576
/* Below that much it is refilled, or ordinary records wait. */
#define SPACE_LEAST (SPACE_KEPT / 2)

struct space {
	int fd;          /* the caller's */
	off_t kept_to;   /* up to here the file system has promised room */
	int64_t retry_ms; /* no new try before that time of io_now_ms() */
	bool is_short;   /* the last try failed */
};

void space_init(struct space *space, int fd);

/* Whether a record that ends at end leaves SPACE_LEAST behind it. Tries to get
 * more when it does not, at most ten times a second. */
bool space_is_enough(struct space *space, off_t end);

/* The file was cut, and with it what was kept behind its end. */
void space_forget(struct space *space);

#endif
