/* Clock, deadlines, whole messages over SOCK_SEQPACKET, and files read on the
 * open descriptor. */
#ifndef SALLYPORT_LIB_IO_H
#define SALLYPORT_LIB_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* No message between processes is longer. */
#define IO_MESSAGE_MAX 65536
/* Descriptors in one message. */
#define IO_FDS_MAX 2

/* CLOCK_MONOTONIC in milliseconds. */
int64_t io_now_ms(void);

/* Waits until fd is ready for events (POLLIN, POLLOUT) or deadline_ms, a time
 * of io_now_ms(), has come. 0, -ETIMEDOUT or -errno. */
int io_wait(int fd, short events, int64_t deadline_ms);
/* How long poll() and the like should wait from now on: -1, for ever, when due_ms is
 * INT64_MAX. */
int io_timeout_ms(int64_t due_ms, int64_t now_ms);

/* Sends one whole message; the descriptors stay the caller's. Does not block:
 * -EAGAIN when the peer's queue is full; -EPIPE, -errno. No signal is raised. */
int io_send(int fd, const void *buf, size_t len, const int *fds, size_t nfds);

/* Receives one whole message into buf[cap]: its length, 0 when the peer has
 * closed, -EAGAIN when none is waiting, -EMSGSIZE when it was longer, -EBADMSG
 * when descriptors were cut, -errno. fds[IO_FDS_MAX] are filled with -1 or with
 * descriptors (O_CLOEXEC) that the caller owns; with fds NULL, none is ever taken, and
 * a message with any is refused with -EBADMSG. Does not block; but closing a descriptor
 * may, for as long as whoever passed it likes (FUSE): none from a user. */
ssize_t io_receive(int fd, void *buf, size_t cap, int *fds);

/* Closes *fd if it is one, and sets it to -1. */
void io_close(int *fd);

enum io_trust {
	IO_TRUST_PUBLIC, /* regular file of root's, writable by root alone */
	IO_TRUST_SECRET, /* and readable by nobody but root and root's group */
};

/* Opens path for reading and checks the open descriptor (type, owner, mode) and
 * its parent folder (owner root, not writable by others). The descriptor,
 * -EPERM when a check fails, -errno. In *why (may be NULL) a static text. */
int io_open_trusted(const char *path, enum io_trust trust, const char **why);

/* Reads all of fd, at most max bytes, into a fresh NUL-terminated *text (the
 * caller frees it). 0, -EFBIG, -ENOMEM, -errno. */
int io_read_all(int fd, size_t max, char **text, size_t *len);

/* Writes all of buf, however many writes that takes. 0, or -errno with a part of it
 * maybe written. */
int io_write_all(int fd, const void *buf, size_t len);

#endif
