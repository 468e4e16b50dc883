/* What users' processes, those of VMs, and a helper that was taken over put into a socket
 * besides bytes. Kept by a descriptor that was passed there, and then let go of, even a TCP
 * socket can make whoever does so wait as long as its owner likes (SO_LINGER): so nobody
 * here does. */
#ifndef SALLYPORT_DAEMON_STRANGER_H
#define SALLYPORT_DAEMON_STRANGER_H

#include <stdbool.h>

/* Does the next message carry a descriptor? Then it must not be received. */
bool stranger_passes(int fd);

/* More than the IO_FDS_MAX that io_receive has room for? */
bool stranger_passes_too_many(int fd);

/* Closes it without a wait, whatever it is, and is left in it. Accepts -1. */
void stranger_close(int *fd);

/* A socket of ours: who is at its other end cannot pass anything (Linux 6.16). False: this
 * kernel has no such bar. */
bool stranger_bar(int fd);

#endif
