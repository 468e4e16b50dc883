/* For tests: connected stream sockets. */
#ifndef SALLYPORT_TESTS_SUPPORT_SOCKETS_H
#define SALLYPORT_TESTS_SUPPORT_SOCKETS_H

#include "tests/support/require.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void
tcp_pair(int fds[2])
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	REQUIRE(listener >= 0 && bind(listener, (struct sockaddr *)&sin, len) == 0);
	REQUIRE(listen(listener, 1) == 0);
	REQUIRE(getsockname(listener, (struct sockaddr *)&sin, &len) == 0);
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	REQUIRE(fds[0] >= 0 && connect(fds[0], (struct sockaddr *)&sin, len) == 0);
	fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	REQUIRE(fds[1] >= 0);
	close(listener);
}

/* One that keeps who closes it last for LINGER_S: it holds bytes that nobody reads at its
 * other end, *reader. */
#define LINGER_S 90
static inline int
tcp_lingering(int *reader)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = LINGER_S};
	char bytes[65536] = "";
	int ends[2];

	tcp_pair(ends);
	while (send(ends[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	REQUIRE(setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
	*reader = ends[1];
	return ends[0];
}

static inline void
make_pair(bool tcp, int fds[2])
{
	if (tcp)
		tcp_pair(fds);
	else
		REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
}

#endif
