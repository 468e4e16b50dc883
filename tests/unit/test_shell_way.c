/* One direction of console and connect, over every pair of kinds: all bytes, in order, and
 * the end; back-pressure; who is gone. */
#include "shell/way.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define BYTES 3000000

enum kind { PIPE, SOCKET };

static struct way way;
static uint8_t sent[BYTES], got[BYTES + 1];

/* ends[0] to read, ends[1] to write; all without waiting. */
static void
make(enum kind kind, int ends[2])
{
	if (kind == PIPE)
		assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	else
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
}

/* The same numbers each time. */
static uint32_t
any(void)
{
	static uint32_t last = 1;

	last = last * 1664525 + 1013904223;
	return last >> 8;
}

static size_t
feed(int fd, size_t done)
{
	size_t len = (size_t)any() % 100000 + 1;
	ssize_t n;

	if (len > BYTES - done)
		len = BYTES - done;
	n = len > 0 ? write(fd, sent + done, len) : 0;
	assert_true(n >= 0 || errno == EAGAIN);
	return n > 0 ? (size_t)n : 0;
}

static size_t
drain(int fd, size_t done)
{
	size_t len = (size_t)any() % 100000 + 1;
	ssize_t n = read(fd, got + done, len > sizeof(got) - done ? sizeof(got) - done : len);

	assert_true(n >= 0 || errno == EAGAIN);
	return n > 0 ? (size_t)n : 0;
}

static bool
is_ready(void)
{
	struct pollfd fds[2] = {{.fd = way_wants_input(&way) ? way.from : -1, .events = POLLIN},
	    {.fd = way_wants_room(&way) ? way.to : -1, .events = POLLOUT}};

	return poll(fds, 2, 0) > 0;
}

static void
pass_all(enum kind in, enum kind out)
{
	int from[2], to[2];
	size_t fed = 0, drained = 0, idle = 0, moves = 0;

	make(in, from);
	make(out, to);
	way_open(&way, from[0], to[1], -1);
	assert_int_equal(way.is_spliced, in != out);
	while (!way.is_over || drained < BYTES) {
		size_t before = fed + drained;

		fed += feed(from[1], fed);
		if (fed == BYTES && from[1] >= 0) {
			close(from[1]);
			from[1] = -1;
		}
		while (!way.is_over && is_ready()) {
			way_move(&way);
			assert_true(++moves < BYTES); /* no busy loop */
		}
		drained += drain(to[0], drained);
		idle = fed + drained == before ? idle + 1 : 0;
		assert_true(idle < 10);
	}
	assert_true(way.is_eof && !way.is_lost);
	assert_int_equal(drained, BYTES);
	assert_memory_equal(sent, got, BYTES);
	close(from[0]);
	close(to[0]);
	close(to[1]);
}

static void
all_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		sent[i] = (uint8_t)any();
	pass_all(PIPE, SOCKET);
	pass_all(SOCKET, PIPE);
	pass_all(SOCKET, SOCKET);
	pass_all(PIPE, PIPE);
}

/* Of a pipe that carries little nothing more is taken. */
static void
as_wide_as_needed(void **state)
{
	int narrow[2], other[2];

	(void)state;
	for (int is_out = 0; is_out < 2; is_out++) {
		int in, size;

		make(PIPE, narrow);
		make(SOCKET, other);
		in = is_out ? other[1] : narrow[1];
		size = fcntl(narrow[0], F_GETPIPE_SZ);
		way_open(
		    &way, is_out ? other[0] : narrow[0], is_out ? narrow[1] : other[1], -1);
		assert_true(way.is_spliced);
		assert_int_equal(write(in, sent, 1000), 1000);
		way_move(&way);
		assert_int_equal(fcntl(narrow[0], F_GETPIPE_SZ), size);
		assert_int_equal(read(is_out ? narrow[0] : other[0], got, BYTES), 1000);
		assert_int_equal(write(in, sent, 40000), 40000);
		way_move(&way);
		assert_int_equal(fcntl(narrow[0], F_GETPIPE_SZ), WAY_BITE);
		assert_int_equal(read(is_out ? narrow[0] : other[0], got, BYTES), 40000);
		close(narrow[0]);
		close(narrow[1]);
		close(other[0]);
		close(other[1]);
	}
}

/* A full reader stops the reading: what is held is bounded. */
static void
back_pressure(void **state)
{
	int from[2], to[2];
	size_t fed = 0, last;

	(void)state;
	for (int kind = PIPE; kind <= SOCKET; kind++) {
		make((enum kind)kind, from);
		make(SOCKET, to);
		way_open(&way, from[0], to[1], -1);
		fed = 0;
		do {
			last = fed;
			fed += feed(from[1], fed);
			for (int i = 0; i < 100 && is_ready(); i++)
				way_move(&way);
		} while (fed != last);
		assert_true(fed < 1000000);
		assert_true(way_wants_room(&way));
		assert_false(way_wants_input(&way));
		close(from[0]);
		close(from[1]);
		close(to[0]);
		close(to[1]);
	}
}

static void
nobody_reads(void **state)
{
	int from[2], to[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	for (int in = PIPE; in <= SOCKET; in++)
		for (int out = PIPE; out <= SOCKET; out++) {
			make((enum kind)in, from);
			make((enum kind)out, to);
			way_open(&way, from[0], to[1], -1);
			close(to[0]);
			assert_int_equal(write(from[1], "x", 1), 1);
			way_move(&way);
			assert_true(way.is_over && way.is_lost);
			assert_false(way_wants_input(&way) || way_wants_room(&way));
			close(from[0]);
			close(from[1]);
			close(to[1]);
		}
}

static void
the_escape(void **state)
{
	int from[2], to[2];
	char text[8] = "";

	(void)state;
	make(PIPE, from);
	make(SOCKET, to);
	way_open(&way, from[0], to[1], 0x1d);
	assert_false(way.is_spliced);
	assert_int_equal(write(from[1], "ab\x1c", 3), 3);
	way_move(&way);
	assert_false(way.is_left || way.is_over);
	assert_int_equal(write(from[1],
			     "cd\x1d"
			     "ef",
			     5),
	    5);
	way_move(&way);
	assert_true(way.is_left && way.is_over);
	assert_int_equal(read(to[0], text, sizeof(text)), 5);
	assert_memory_equal(text,
	    "ab\x1c"
	    "cd",
	    5);
	close(from[0]);
	close(from[1]);
	close(to[0]);
	close(to[1]);
}

/* Told that it is ready again and again, and nothing there: it copies instead, where a
 * read that finds nothing is no reason to be asked again. */
static void
a_splice_that_moves_nothing(void **state)
{
	int from[2], to[2];
	char byte;

	(void)state;
	make(PIPE, from);
	make(SOCKET, to);
	way_open(&way, from[0], to[1], -1);
	assert_true(way.is_spliced);
	for (int i = 0; i < 3; i++)
		way_move(&way);
	assert_false(way.is_spliced || way.is_over);
	assert_true(way_wants_input(&way));
	assert_int_equal(write(from[1], "x", 1), 1);
	way_move(&way);
	assert_int_equal(read(to[0], &byte, 1), 1);
	close(from[0]);
	close(from[1]);
	close(to[0]);
	close(to[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_bytes),
	    cmocka_unit_test(as_wide_as_needed),
	    cmocka_unit_test(back_pressure),
	    cmocka_unit_test(nobody_reads),
	    cmocka_unit_test(the_escape),
	    cmocka_unit_test(a_splice_that_moves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
