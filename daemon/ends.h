/* The two ends of a stream, of which a user's process gets one and the relay the other. */
#ifndef SALLYPORT_DAEMON_ENDS_H
#define SALLYPORT_DAEMON_ENDS_H

#include <sys/types.h>

/* ends[0] is the relay's, ends[1] for a process of uid; both O_CLOEXEC and O_NONBLOCK.
 * Whoever has ends[1] cannot pass descriptors to the relay by it, and reaches nothing by it
 * that he could not reach by a socket of his own. 0 or -errno (then both are -1); does not
 * block. */
int ends_make(uid_t uid, int ends[2]);
/* Closes ends[1], which nobody got: no port stays in use by it (TIME_WAIT, one minute), at
 * this end or the other. Accepts -1. */
void ends_discard(int *end);

#endif
