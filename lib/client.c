/* Connect, check who listens, ask, wait. Every wait ends at the deadline. */
#include "lib/client.h"

#include "lib/io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A full backlog answers EAGAIN at once and can't be polled for. */
static int
connect_until(int fd, const struct sockaddr_un *sun, int64_t deadline_ms)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	while (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (io_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int
check_listener(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	return peer.uid == 0 ? 0 : -EPERM;
}

int
client_connect(const char *path, int64_t deadline_ms)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect_until(fd, &sun, deadline_ms);
	if (err == 0)
		err = check_listener(fd);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

int
client_send(int fd, const void *buf, size_t len, int fd_to_pass, int64_t deadline_ms)
{
	int err;

	while ((err = io_send(fd, buf, len, &fd_to_pass, fd_to_pass >= 0)) == -EAGAIN) {
		err = io_wait(fd, POLLOUT, deadline_ms);
		if (err < 0)
			break;
	}
	return err;
}

ssize_t
client_receive(int fd, void *buf, size_t cap, int64_t deadline_ms)
{
	ssize_t n;

	while ((n = io_receive(fd, buf, cap, NULL)) == -EAGAIN) {
		int err = io_wait(fd, POLLIN, deadline_ms);
		if (err < 0)
			return err;
	}
	return n == 0 ? -ECONNRESET : n;
}
