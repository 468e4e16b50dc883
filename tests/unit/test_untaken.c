/* A descriptor that its receiver leaves where it is: it counts as his until he takes it, or
 * goes. */
#include "daemon/untaken.h"

#include "lib/io.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ANNE   1001
#define MAGGIE 1002

static struct untaken *untaken;

/* ends[0] is ours, in ends[1]'s queue lies a message with a descriptor. */
static void
pass(int ends[2])
{
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(io_send(ends[0], "x", 1, &ends[0], 1), 0);
}

static int
set_up(void **state)
{
	(void)state;
	untaken = untaken_new();
	return untaken == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	untaken_free(untaken);
	return 0;
}

static void
counts_until_it_is_taken(void **state)
{
	int ends[2], fds[IO_FDS_MAX];
	char byte;

	(void)state;
	pass(ends);
	assert_true(untaken_keep(untaken, ANNE, &ends[0]));
	assert_int_equal(ends[0], -1);
	assert_int_equal(untaken_count(untaken, ANNE), 1);
	assert_int_equal(untaken_count(untaken, MAGGIE), 0);
	assert_int_equal(recv(ends[1], &byte, 1, MSG_PEEK), 1); /* looked at, and left there */
	assert_int_equal(untaken_count(untaken, ANNE), 1);
	assert_int_equal(io_receive(ends[1], &byte, 1, fds), 1);
	assert_int_equal(untaken_count(untaken, ANNE), 0);
	io_close(&fds[0]);
	close(ends[1]);
}

static void
goes_with_his_socket(void **state)
{
	int ends[2];

	(void)state;
	pass(ends);
	assert_true(untaken_keep(untaken, ANNE, &ends[0]));
	close(ends[1]);
	assert_int_equal(untaken_count(untaken, MAGGIE), 0);
	assert_int_equal(untaken_count(untaken, ANNE), 0);
}

static void
to_him_it_is_closed(void **state)
{
	struct pollfd polled = {.events = POLLIN};
	int ends[2], fds[IO_FDS_MAX];
	char byte;

	(void)state;
	pass(ends);
	assert_true(untaken_keep(untaken, ANNE, &ends[0]));
	polled.fd = ends[1];
	assert_int_equal(poll(&polled, 1, 0), 1);
	assert_true((polled.revents & POLLHUP) != 0);
	assert_int_equal(send(ends[1], "x", 1, MSG_NOSIGNAL), -1);
	assert_int_equal(io_receive(ends[1], &byte, 1, fds), 1);
	io_close(&fds[0]);
	assert_int_equal(recv(ends[1], &byte, 1, 0), 0);
	close(ends[1]);
}

static void
nothing_waits(void **state)
{
	int ends[2], fds[IO_FDS_MAX];
	char byte;

	(void)state;
	pass(ends);
	assert_int_equal(io_receive(ends[1], &byte, 1, fds), 1);
	io_close(&fds[0]);
	assert_false(untaken_keep(untaken, ANNE, &ends[0]));
	assert_int_not_equal(ends[0], -1);
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(counts_until_it_is_taken, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(goes_with_his_socket, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(to_him_it_is_closed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_waits, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
