/* Looks without taking (MSG_PEEK): what a peek finds is never let go of for the last
 * time. A socket in which a descriptor is left is given to a process that then ends:
 * one that ends does not wait for what it lets go of. */
#include "daemon/stranger.h"

#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* asm-generic/socket.h of Linux 6.16 */
#endif

#define ROUNDS 16 /* messages, or 64 KiB, that are read away */

static char left[65536]; /* nobody's, and never looked at */

/* Without room for what comes besides the bytes: MSG_CTRUNC says that it is there. */
static ssize_t
receive(int fd, size_t len, int flags, bool *is_more)
{
	struct iovec iov = {.iov_base = left, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	do
		n = recvmsg(fd, &msg, flags | MSG_DONTWAIT);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	*is_more = n >= 0 && (msg.msg_flags & MSG_CTRUNC);
	return n;
}

bool
stranger_passes(int fd)
{
	bool is_more;

	(void)receive(fd, 1, MSG_PEEK, &is_more);
	return is_more;
}

bool
stranger_passes_too_many(int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int) * IO_FDS_MAX)];
	} control;
	char byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf)};

	if (recvmsg(fd, &msg, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; c->cmsg_type == SCM_RIGHTS && i < n; i++) {
			int again; /* it is in the queue as well */

			memcpy(&again, CMSG_DATA(c) + i * sizeof(int), sizeof(again));
			io_close(&again);
		}
	}
	return (msg.msg_flags & MSG_CTRUNC) != 0;
}

/* The end, and no message without a byte? That would bring its time. */
static bool
is_at_end(int fd)
{
	const int on = 1;
	bool is_more;

	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)) == 0 &&
	       receive(fd, 1, MSG_PEEK, &is_more) == 0 && !is_more;
}

/* Nothing more comes, and nothing is left that matters. */
static bool
is_harmless(int fd)
{
	bool is_more;
	ssize_t n;

	if (shutdown(fd, SHUT_RD) < 0)
		return errno == ENOTCONN; /* it never was connected */
	for (int i = 0; i < ROUNDS; i++) {
		n = receive(fd, sizeof(left), MSG_PEEK, &is_more);
		if (is_more)
			return false;
		if (n <= 0)
			return is_at_end(fd);
		(void)receive(fd, (size_t)n, 0, &is_more);
	}
	return false;
}

/* The child has it last. */
static void
give_away(int *fd)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	if (pid < 0) {
		log_error("a user's socket stays open: %s", strerror(errno));
		*fd = -1; /* better than a wait */
		return;
	}
	io_close(fd);
	(void)kill(pid, SIGKILL); /* on_child reaps it */
}

/* A file may lie on a file system that lets nobody go. */
static bool
may_wait(int fd)
{
	const struct linger off = {.l_onoff = 0};
	socklen_t len = sizeof(int);
	int domain;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
		return true;
	if (domain == AF_UNIX)
		return !is_harmless(fd);
	return (domain != AF_INET && domain != AF_INET6) ||
	       setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off)) < 0;
}

void
stranger_close(int *fd)
{
	if (*fd < 0)
		return;
	if (may_wait(*fd))
		give_away(fd);
	else
		io_close(fd);
}

bool
stranger_bar(int fd)
{
	const int off = 0;

	return setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off)) == 0;
}
