/* Waiting, messages, trusted files. */
#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int64_t
io_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
io_wait(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = deadline_ms - io_now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		int n = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

int
io_timeout_ms(int64_t due_ms, int64_t now_ms)
{
	if (due_ms == INT64_MAX)
		return -1;
	if (due_ms <= now_ms)
		return 0;
	return due_ms - now_ms > INT_MAX ? INT_MAX : (int)(due_ms - now_ms);
}

union control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int) * IO_FDS_MAX)];
};

int
io_send(int fd, const void *buf, size_t len, const int *fds, size_t nfds)
{
	union control control;
	struct iovec iov = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (nfds > IO_FDS_MAX || len == 0 || len > IO_MESSAGE_MAX)
		return -EINVAL;
	if (nfds > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EMSGSIZE;
}

/* Collects the descriptors of msg into fds[IO_FDS_MAX]; those too many are closed. */
static bool
collect_fds(struct msghdr *msg, int *fds)
{
	size_t got = 0;
	bool fits = !(msg->msg_flags & MSG_CTRUNC);

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (got < IO_FDS_MAX) {
				fds[got++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

ssize_t
io_receive(int fd, void *buf, size_t cap, int *fds)
{
	union control control;
	struct iovec iov = {.iov_base = buf, .iov_len = cap};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = fds != NULL ? control.buf : NULL,
	    .msg_controllen = fds != NULL ? sizeof(control.buf) : 0};
	ssize_t n;
	bool ok;

	for (size_t i = 0; fds != NULL && i < IO_FDS_MAX; i++)
		fds[i] = -1;
	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* Without room for any, the kernel has said that there were some. */
	ok = fds != NULL ? collect_fds(&msg, fds) : !(msg.msg_flags & MSG_CTRUNC);
	if (ok && n > 0 && !(msg.msg_flags & MSG_TRUNC))
		return n;
	/* An empty message counts as the end, and may have carried descriptors, too. */
	for (size_t i = 0; fds != NULL && i < IO_FDS_MAX; i++)
		io_close(&fds[i]);
	if (!ok)
		return -EBADMSG;
	return n == 0 ? 0 : -EMSGSIZE;
}

void
io_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static const char *
distrust(const struct stat *st, enum io_trust trust)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_uid != 0)
		return "is not owned by root";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "can be written by others than root";
	if (trust == IO_TRUST_SECRET &&
	    ((st->st_mode & S_IROTH) || ((st->st_mode & S_IRGRP) && st->st_gid != 0)))
		return "can be read by others than root";
	return NULL;
}

/* The folder of the file itself, where a link led to it: whoever can write there
 * can put another of root's files in its place. */
static const char *
distrust_parent(const char *path)
{
	char *real = realpath(path, NULL);
	const char *why = NULL;
	struct stat st;

	if (real == NULL)
		return "is gone again";
	if (stat(dirname(real), &st) < 0)
		why = "lies in a folder that cannot be read";
	else if (st.st_uid != 0)
		why = "lies in a folder that is not owned by root";
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX))
		why = "lies in a folder that others than root can write";
	free(real);
	return why;
}

int
io_open_trusted(const char *path, enum io_trust trust, const char **why)
{
	const char *reason;
	struct stat st;
	/* O_NONBLOCK: a FIFO in the file's place must not hang us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (why != NULL)
		*why = NULL;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	reason = distrust(&st, trust);
	if (reason == NULL)
		reason = distrust_parent(path);
	if (reason == NULL)
		return fd;
	close(fd);
	if (why != NULL)
		*why = reason;
	return -EPERM;
}

int
io_read_all(int fd, size_t max, char **text, size_t *len)
{
	size_t cap = 4096, used = 0;
	char *buf = NULL, *grown;
	ssize_t n;
	int err = -ENOMEM;

	for (;;) {
		grown = realloc(buf, cap + 1);
		if (grown == NULL)
			goto out;
		buf = grown;
		n = read(fd, buf + used, cap - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err = -errno;
			goto out;
		}
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max) {
			err = -EFBIG;
			goto out;
		}
		if (used == cap)
			cap *= 2;
	}
	buf[used] = '\0';
	*text = buf;
	*len = used;
	buf = NULL;
	err = 0;
out:
	free(buf);
	return err;
}

int
io_write_all(int fd, const void *buf, size_t len)
{
	const char *at = buf;

	while (len > 0) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}
