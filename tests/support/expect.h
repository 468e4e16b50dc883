/* For tests: what is expected to come out of a socket. */
#ifndef SALLYPORT_TESTS_SUPPORT_EXPECT_H
#define SALLYPORT_TESTS_SUPPORT_EXPECT_H

#include "lib/io.h"
#include "tests/support/require.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define EXPECT_MS 60000 /* it hangs, whatever the machine */

static inline void
expect(int fd, const char *text)
{
	char buf[256];
	size_t len = strlen(text);

	for (size_t got = 0; got < len; got++) {
		REQUIRE(io_wait(fd, POLLIN, io_now_ms() + EXPECT_MS) == 0);
		REQUIRE(recv(fd, buf + got, 1, 0) == 1);
	}
	REQUIRE(memcmp(buf, text, len) == 0);
}

/* The end, or a reset where that is one. */
static inline void
expect_end(int fd)
{
	char c;

	REQUIRE(io_wait(fd, POLLIN, io_now_ms() + EXPECT_MS) == 0);
	ssize_t n = recv(fd, &c, 1, 0);
	REQUIRE(n == 0 || (n < 0 && errno == ECONNRESET));
}

static inline void
put(int fd, const char *text)
{
	REQUIRE(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

#endif
