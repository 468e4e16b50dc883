/* A Unix pair where the kernel bars descriptors from it (Linux 6.16); else a TCP
 * connection over loopback, which can carry none: it costs some microseconds more. */
#include "daemon/ends.h"

#include "daemon/stranger.h"
#include "lib/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>

#define KIND   (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define ROUNDS 64 /* looks for the connection, which loopback makes within connect() */

static int
make_unix(int ends[2])
{
	if (socketpair(AF_UNIX, KIND, 0, ends) < 0)
		return -errno;
	if (stranger_bar(ends[0]))
		return 0;
	io_close(&ends[0]);
	io_close(&ends[1]);
	return -EOPNOTSUPP;
}

/* Whose it is decides a firewall by the process that made it. */
static int
make_socket(uid_t uid)
{
	uid_t before = (uid_t)setfsuid(uid);
	int fd = socket(AF_INET, KIND, 0), err = errno;

	(void)setfsuid(before);
	errno = err;
	return fd;
}

static int
listen_anywhere(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, KIND, 0);

	*at = (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (fd >= 0 && bind(fd, (struct sockaddr *)at, sizeof(*at)) == 0 &&
	    listen(fd, 4) == 0 && getsockname(fd, (struct sockaddr *)at, &len) == 0)
		return fd;
	io_close(&fd);
	return -1;
}

static bool
is_peer(int fd, const struct sockaddr_in *other)
{
	struct sockaddr_in peer = {.sin_family = AF_UNSPEC};
	socklen_t len = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
	       peer.sin_port == other->sin_port &&
	       peer.sin_addr.s_addr == other->sin_addr.s_addr;
}

/* Anybody here may connect in that moment: only the one that is ours counts. */
static int
accept_own(int listener, const struct sockaddr_in *own)
{
	for (int i = 0; i < ROUNDS; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0 && is_peer(fd, own))
			return fd;
		stranger_close(&fd);
	}
	return -1;
}

static int
make_tcp(uid_t uid, int ends[2])
{
	struct sockaddr_in at, own = {.sin_family = AF_UNSPEC};
	socklen_t len = sizeof(own);
	int on = 1, err = 0, listener = listen_anywhere(&at);

	ends[0] = -1;
	ends[1] = make_socket(uid);
	if (listener < 0 || ends[1] < 0 ||
	    (connect(ends[1], (struct sockaddr *)&at, sizeof(at)) < 0 &&
		errno != EINPROGRESS) ||
	    getsockname(ends[1], (struct sockaddr *)&own, &len) < 0 ||
	    setsockopt(ends[1], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		err = -errno;
	else if ((ends[0] = accept_own(listener, &own)) < 0)
		err = -EAGAIN;
	io_close(&listener);
	if (err < 0)
		io_close(&ends[1]);
	return err;
}

int
ends_make(uid_t uid, int ends[2])
{
	int err;

	ends[0] = ends[1] = -1;
	err = make_unix(ends);
	return err == -EOPNOTSUPP ? make_tcp(uid, ends) : err;
}

void
ends_discard(int *end)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	if (*end >= 0)
		(void)setsockopt(*end, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	io_close(end);
}
