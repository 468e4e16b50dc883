/* Making a listening socket, Unix or TCP. */
#ifndef SALLYPORT_DAEMON_LISTENER_H
#define SALLYPORT_DAEMON_LISTENER_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

/* Both: non-blocking, O_CLOEXEC, the caller's; -errno. */

/* type SOCK_STREAM or SOCK_SEQPACKET; replaces a socket left at path; mode 0600,
 * root's. Never follows what another than root could have put there: the folder
 * must be root's. */
int listener_unix(const char *path, int type);
int listener_tcp(struct in_addr address, uint16_t port);

/* Is fd, which another gave us, exactly what listener_tcp would make: root's, TCP,
 * listening at this address and port? 0, and it is non-blocking, O_CLOEXEC and
 * drained; else -EINVAL, and it stays the caller's to close. */
int listener_adopt_tcp(int fd, struct in_addr address, uint16_t port);
/* Closes what connected while nobody looked: who that was cannot be told any more. */
void listener_drain(int fd);

/* The next connection (non-blocking, O_CLOEXEC), -EAGAIN when there is none. When
 * descriptors run out the connection is closed instead, and -EMFILE returned, so
 * that the loop does not spin. */
int listener_accept(int fd);

#endif
