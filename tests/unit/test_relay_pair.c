/* The byte pump on socket pairs: both ways, half-closes, slow readers, resets. */
#include "relay/pair.h"
#include "relay/pipes.h"
#include "relay/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int epoll, client, vm, kept[2]; /* kept: copies of the relay's ends */
static struct pair *pair;

static int
setup(void **state)
{
	int a[2], b[2], fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* splice() knows no MSG_NOSIGNAL */
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b) < 0)
		return -1;
	client = a[0];
	vm = b[0];
	fds[0] = a[1];
	fds[1] = b[1];
	kept[0] = kept[1] = -1;
	return pair_new(epoll, 7, 0, fds, NULL, 1000, &pair);
}

static int
teardown(void **state)
{
	(void)state;
	pair_end(pair, PROTO_ENDED_STOPPED);
	pair_free(pair);
	close(epoll);
	close(client);
	close(vm);
	for (size_t i = 0; i < 2; i++)
		if (kept[i] >= 0)
			close(kept[i]);
	return 0;
}

/* Handles events until there are none, or far too many: how many there were. */
static int
run(void)
{
	struct epoll_event events[4];
	int total = 0, n;

	while (total < 10000 && (n = epoll_wait(epoll, events, 4, 0)) > 0) {
		for (int i = 0; i < n; i++)
			pair_handle(events[i].data.ptr, events[i].events, 2000);
		total += n;
	}
	assert_in_range(total, 0, 9999); /* no event that comes for ever */
	return total;
}

static void
expect(int fd, const char *text)
{
	char buf[64];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	assert_int_equal(n, (ssize_t)strlen(text));
	assert_memory_equal(buf, text, strlen(text));
}

static void
expect_nothing(int fd)
{
	char c;

	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void
put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
expect_ended(enum proto_ended why, uint64_t up, uint64_t down)
{
	assert_true(pair->has_ended);
	assert_int_equal(pair->why, why);
	assert_int_equal(pair->side[0].bytes, up);
	assert_int_equal(pair->side[1].bytes, down);
}

static void
test_both_ways(void **state)
{
	(void)state;
	put(client, "hello");
	put(vm, "world!");
	run();
	expect(vm, "hello");
	expect(client, "world!");
	assert_false(pair->has_ended);
	assert_false(pump_keeps(&pair->side[0]));
	assert_int_equal(pair->last_ms, 2000);
	assert_int_equal(pair->side[0].bytes, 5);
}

static void
half_close(int first, int second)
{
	put(first, "last words");
	shutdown(first, SHUT_WR);
	run();
	expect(second, "last words");
	expect(second, "");
	assert_false(pair->has_ended);
	put(second, "answer");
	run();
	expect(first, "answer");
	expect_nothing(first);
	shutdown(second, SHUT_WR);
	run();
	expect(first, "");
}

static void
test_client_half_closes(void **state)
{
	(void)state;
	half_close(client, vm);
	expect_ended(PROTO_ENDED_BOTH, 10, 6);
}

static void
test_vm_half_closes(void **state)
{
	(void)state;
	half_close(vm, client);
	expect_ended(PROTO_ENDED_BOTH, 6, 10);
}

/* Data and end in one event: all of it arrives before the end does. */
static void
test_client_closes(void **state)
{
	(void)state;
	put(client, "goodbye");
	close(client);
	client = -1;
	run();
	expect(vm, "goodbye");
	expect(vm, "");
	expect_ended(PROTO_ENDED_CLIENT, 7, 0);
}

static void
test_vm_closes(void **state)
{
	(void)state;
	put(vm, "goodbye");
	close(vm);
	vm = -1;
	run();
	expect(client, "goodbye");
	expect(client, "");
	expect_ended(PROTO_ENDED_VM, 0, 7);
}

/* Half-closed first, then gone: noticed although nothing is read or written. */
static void
test_gone_after_half_close(void **state)
{
	(void)state;
	shutdown(client, SHUT_WR);
	run();
	assert_false(pair->has_ended);
	close(client);
	client = -1;
	run();
	expect_ended(PROTO_ENDED_CLIENT, 0, 0);
}

static size_t
fill(int fd)
{
	static char block[65536];
	size_t total = 0;
	ssize_t n;

	for (;;) {
		while ((n = send(fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
			total += (size_t)n;
		if (run() == 0)
			return total;
	}
}

static size_t
drain(int fd)
{
	static char block[65536];
	size_t total = 0;
	ssize_t n;

	for (;;) {
		while ((n = recv(fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
			total += (size_t)n;
		if (n == 0 || run() == 0)
			return total;
	}
}

/* A reader that stops stops the writer; the other way goes on; nothing spins. */
static void
test_slow_reader(void **state)
{
	size_t sent;

	(void)state;
	sent = fill(client);
	assert_true(pump_keeps(&pair->side[0]));
	assert_in_range(pair->side[0].len, 1, PIPE_BYTES);
	put(vm, "still here");
	run();
	expect(client, "still here");
	assert_int_equal(drain(vm), sent);
	assert_false(pump_keeps(&pair->side[0]));
	put(client, "x");
	run();
	expect(vm, "x");
}

/* While its reader has no room, what else a writer says wakes nobody, and is not lost. */
static void
test_more_while_slow(void **state)
{
	static char block[8192];
	size_t sent = 0;

	(void)state;
	while (!pump_keeps(&pair->side[0])) {
		assert_int_equal(
		    send(client, block, sizeof(block), MSG_NOSIGNAL), sizeof(block));
		sent += sizeof(block);
		run();
	}
	put(client, "more");
	assert_int_equal(run(), 0);
	shutdown(client, SHUT_WR);
	assert_int_equal(run(), 0);
	assert_int_equal(drain(vm), sent + 4);
	assert_true(pair->side[0].is_done);
	put(vm, "answer");
	run();
	expect(client, "answer");
}

/* Much goes through a pipe, which is given back when it is empty; without one it
 * goes all the same. */
static void
test_bulk(void **state)
{
	struct pipe *last;
	size_t sent;

	(void)state;
	pipes_init(1);
	for (int i = 0; i < 2; i++) {
		last = i == 0 ? NULL : pipes_borrow();
		sent = fill(client);
		assert_int_equal(pair->side[0].pipe != NULL, i == 0);
		assert_int_equal(pair->side[0].pending != NULL, i == 1);
		put(vm, "still here");
		run();
		expect(client, "still here");
		assert_int_equal(drain(vm), sent);
		assert_false(pump_keeps(&pair->side[0]));
		if (last != NULL)
			pipes_return(last);
	}
	pipes_finish();
	pipes_init(0);
}

/* Its reader closes while a pipe is full: pipe and pair end. */
static void
test_bulk_reader_gone(void **state)
{
	(void)state;
	pipes_init(1);
	fill(client);
	assert_non_null(pair->side[0].pipe);
	close(vm);
	vm = -1;
	run();
	close(client);
	client = -1;
	run();
	assert_true(pair->has_ended);
	assert_null(pair->side[0].pipe);
	pipes_return(pipes_borrow()); /* a fresh one can be made */
	pipes_finish();
	pipes_init(0);
}

/* The writer closed while its bytes wait for a slow reader: none is lost, and
 * epoll does not report the hang-up for ever. */
static void
test_closed_while_slow(void **state)
{
	size_t sent;

	(void)state;
	sent = fill(client);
	close(client);
	client = -1;
	run();
	assert_false(pair->has_ended);
	assert_int_equal(drain(vm), sent);
	expect_ended(PROTO_ENDED_CLIENT, sent, 0);
}

static void
test_reader_gone_while_slow(void **state)
{
	(void)state;
	fill(client);
	close(vm);
	vm = -1;
	run();
	assert_true(pair->has_ended);
	assert_int_equal(pair->why, PROTO_ENDED_VM);
}

/* One reads no more but still writes: what it writes goes on to the end. */
static void
test_reads_no_more(void **state)
{
	(void)state;
	shutdown(vm, SHUT_RD);
	put(client, "unwanted");
	run();
	assert_false(pair->has_ended);
	put(vm, "still said");
	run();
	expect(client, "still said");
	shutdown(vm, SHUT_WR);
	run();
	expect(client, "");
	assert_true(pair->has_ended);
}

/* More than one read brings, all there before anything is looked at. */
static void
test_more_than_a_read(void **state)
{
	static char block[3 * RELAY_CHUNK];
	int size = 4 * (int)sizeof(block);

	(void)state;
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	assert_int_equal(send(client, block, sizeof(block), 0), sizeof(block));
	run();
	assert_int_equal(drain(vm), sizeof(block));
}

/* One that has much to say does not keep others from theirs: it is asked again. */
static void
test_turns(void **state)
{
	static char block[16 * RELAY_CHUNK];
	struct epoll_event event;
	int size = 2 * (int)sizeof(block);
	ssize_t n;

	(void)state;
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    setsockopt(pair->side[i].fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
		    0);
	n = send(client, block, sizeof(block), MSG_DONTWAIT);
	assert_true(n > 5 * RELAY_CHUNK);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 1);
	pair_handle(event.data.ptr, event.events, 2000);
	assert_in_range(pair->side[0].bytes, 1, 4 * RELAY_CHUNK);
	assert_int_equal(drain(vm), n);
}

/* Urgent bytes end a read before all is read: what is behind them goes on at once. */
static void
test_urgent(void **state)
{
	(void)state;
	put(client, "before");
	if (send(client, "!", 1, MSG_OOB) < 0)
		skip(); /* a kernel without, for this kind of socket */
	put(client, "behind");
	run();
	expect(vm, "beforebehind");
}

static void
connect_tcp(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct sockaddr *any = (struct sockaddr *)&address;
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, any, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, any, &len), 0);
	assert_int_equal(connect(ends[0], any, len), 0);
	ends[1] = accept(listener, NULL, NULL);
	assert_int_not_equal(ends[1], -1);
	close(listener);
}

/* By TCP, amid bytes that go through a pipe. */
static void
test_urgent_in_bulk(void **state)
{
	static char bytes[100000];
	int from[2], to[2], fds[2];
	struct pair *tcp = NULL;

	(void)state;
	pipes_init(1);
	connect_tcp(from);
	connect_tcp(to);
	fds[0] = from[1];
	fds[1] = to[1];
	assert_int_equal(pair_new(epoll, 9, 0, fds, NULL, 1000, &tcp), 0);
	tcp->side[0].is_bulk = true;
	assert_int_equal(send(from[0], bytes, 100000, 0), 100000);
	assert_int_equal(send(from[0], "!", 1, MSG_OOB), 1);
	assert_int_equal(send(from[0], bytes, 1000, 0), 1000);
	for (int i = 0; i < 30000 && tcp->side[0].bytes < 101000; i++, usleep(1000))
		run();
	assert_int_equal(tcp->side[0].bytes, 101000);
	pair_end(tcp, PROTO_ENDED_STOPPED);
	pair_free(tcp);
	close(from[0]);
	close(to[0]);
	pipes_finish();
	pipes_init(0);
}

/* While somebody holds copies of the descriptors, the end is an end all the same. */
static void
test_stop_with_copies(void **state)
{
	struct epoll_event event;

	(void)state;
	kept[0] = dup(pair->side[0].fd);
	kept[1] = dup(pair->side[1].fd);
	pair_end(pair, PROTO_ENDED_STOPPED);
	expect(client, "");
	expect(vm, "");
	close(client);
	client = -1;
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
	pair_end(pair, PROTO_ENDED_ERROR); /* changes nothing */
	expect_ended(PROTO_ENDED_STOPPED, 0, 0);
}

static void
test_no_socket(void **state)
{
	struct pair *none = NULL;
	int pipes[2], dgram[2], fds[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram), 0);
	fds[0] = pipes[0];
	fds[1] = dup(client);
	assert_int_equal(pair_new(epoll, 8, 0, fds, NULL, 0, &none), -ENOTSOCK);
	fds[0] = dgram[0];
	assert_int_equal(pair_new(epoll, 8, 0, fds, NULL, 0, &none), -ENOTSOCK);
	fds[0] = -1;
	assert_int_equal(pair_new(epoll, 8, 0, fds, NULL, 0, &none), -EBADF);
	close(fds[1]);
	close(pipes[0]);
	close(pipes[1]);
	close(dgram[0]);
	close(dgram[1]);
}

#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static int
room_of(int fd)
{
	socklen_t len = sizeof(int);
	int room = 0;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &len), 0);
	return room;
}

/* A user's socket does not grow; a VM's does, it may be far away. */
static void
test_tcp_ahead(void **state)
{
	int from[2], to[2], fds[2], before;
	struct pair *tcp = NULL;

	(void)state;
	connect_tcp(from);
	connect_tcp(to);
	fds[0] = from[1];
	fds[1] = to[1];
	before = room_of(to[1]);
	assert_int_equal(pair_new(epoll, 9, 0, fds, NULL, 1000, &tcp), 0);
	assert_in_range(room_of(from[1]), 1, 2 * 131072);
	assert_int_equal(room_of(to[1]), before);
	assert_true(tcp->side[0].is_tcp && tcp->side[1].is_tcp && !pair->side[0].is_tcp);
	pair_end(tcp, PROTO_ENDED_STOPPED);
	pair_free(tcp);
	close(from[0]);
	close(to[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PAIR_TEST(test_both_ways),
	    PAIR_TEST(test_client_half_closes),
	    PAIR_TEST(test_vm_half_closes),
	    PAIR_TEST(test_client_closes),
	    PAIR_TEST(test_vm_closes),
	    PAIR_TEST(test_gone_after_half_close),
	    PAIR_TEST(test_slow_reader),
	    PAIR_TEST(test_more_while_slow),
	    PAIR_TEST(test_bulk),
	    PAIR_TEST(test_bulk_reader_gone),
	    PAIR_TEST(test_closed_while_slow),
	    PAIR_TEST(test_reader_gone_while_slow),
	    PAIR_TEST(test_reads_no_more),
	    PAIR_TEST(test_more_than_a_read),
	    PAIR_TEST(test_turns),
	    PAIR_TEST(test_urgent),
	    PAIR_TEST(test_urgent_in_bulk),
	    PAIR_TEST(test_tcp_ahead),
	    PAIR_TEST(test_stop_with_copies),
	    PAIR_TEST(test_no_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
