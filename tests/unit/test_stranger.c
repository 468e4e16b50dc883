/* A descriptor that somebody passed makes nobody wait: a TCP socket with unsent bytes
 * that lingers for a minute, in every place of the queue. */
#include "daemon/stranger.h"

#include "lib/io.h"
#include "tests/support/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SOON_MS 30000

static void
pass(int socket, const char *bytes, int fd)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = strlen(bytes)};
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {.buf = ""};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &fd, sizeof(int));
	}
	assert_int_equal(sendmsg(socket, &msg, MSG_NOSIGNAL), strlen(bytes));
}

/* before: this many messages with these bytes and nothing else. */
static void
check_close(int type, int before, const char *bytes, const char *last)
{
	int ends[2], reader, fd = tcp_lingering(&reader);
	int64_t since_ms;

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
	for (int i = 0; i < before; i++)
		pass(ends[0], bytes, -1);
	pass(ends[0], last, fd);
	close(fd);
	since_ms = io_now_ms();
	stranger_close(&ends[1]);
	assert_true(io_now_ms() - since_ms < SOON_MS);
	assert_int_equal(ends[1], -1);
	assert_int_equal(send(ends[0], "x", 1, MSG_NOSIGNAL), -1);
	while (wait(NULL) > 0)
		continue;
	assert_true(io_now_ms() - since_ms < SOON_MS); /* the child's end waits neither */
	close(ends[0]);
	close(reader);
}

static void
closing_waits_for_nothing(void **state)
{
	(void)state;
	check_close(SOCK_SEQPACKET, 0, "", "x");
	check_close(SOCK_SEQPACKET, 3, "bytes", "x");
	check_close(SOCK_SEQPACKET, 3, "bytes", ""); /* a message without a byte */
	check_close(SOCK_SEQPACKET, 3, "", "");
	check_close(SOCK_SEQPACKET, 100, "bytes", "x");
	check_close(SOCK_STREAM, 0, "", "x");
	check_close(SOCK_STREAM, 3, "bytes", "x");
	check_close(SOCK_STREAM, 100, "bytes", "x");
}

/* Nor does it cost a process where there is no need. */
static void
honest_ones_are_just_closed(void **state)
{
	static const int types[] = {SOCK_SEQPACKET, SOCK_STREAM};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (int bytes = 0; bytes < 2; bytes++)
			for (int is_gone = 0; is_gone < 2; is_gone++) {
				int ends[2];

				assert_int_equal(
				    socketpair(AF_UNIX, types[i] | SOCK_CLOEXEC, 0, ends), 0);
				if (bytes > 0)
					pass(ends[0], "bytes", -1);
				if (is_gone) {
					pass(ends[1], "unread", -1);
					io_close(&ends[0]);
				}
				stranger_close(&ends[1]);
				assert_int_equal(ends[1], -1);
				assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
				io_close(&ends[0]);
			}
}

static void
what_comes_next_can_be_seen(void **state)
{
	char byte;
	int ends[2], fds[IO_FDS_MAX];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_false(stranger_passes(ends[1]));
	pass(ends[0], "x", -1);
	pass(ends[0], "y", ends[0]);
	assert_false(stranger_passes(ends[1]));
	assert_int_equal(io_receive(ends[1], &byte, 1, fds), 1);
	assert_true(stranger_passes(ends[1]));
	assert_true(stranger_passes(ends[1]));
	assert_int_equal(io_receive(ends[1], &byte, 1, fds), 1);
	io_close(&fds[0]);
	io_close(&ends[0]);
	assert_false(stranger_passes(ends[1]));
	io_close(&ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(closing_waits_for_nothing),
	    cmocka_unit_test(honest_ones_are_just_closed),
	    cmocka_unit_test(what_comes_next_can_be_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
