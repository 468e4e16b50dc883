/* Consoles in the relay: greetings, the handshake with its VM, what is told when. */
#include "relay/console.h"
#include "relay/greeting.h"
#include "relay/pump.h"
#include "relay/table.h"
#include "spice/kind.h"
#include "spice/le.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ALL 0x7f /* SPICE_MAY_* */

static int epoll, client, vm;
static struct pair *pair;
static uint8_t buf[65536];

static int
half(struct pair **half_open, int *other_end)
{
	int ends[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	err = greeting_new(epoll, 7, ends[1], 5000, 1000, half_open);
	if (err < 0)
		close(ends[1]);
	*other_end = ends[0];
	return err;
}

static int
setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	vm = -1;
	return epoll < 0 ? -1 : half(&pair, &client);
}

static int
teardown(void **state)
{
	(void)state;
	if (pair != NULL) {
		pair_end(pair, PROTO_ENDED_STOPPED);
		pair_free(pair);
	}
	close(epoll);
	close(client);
	if (vm >= 0)
		close(vm);
	return 0;
}

static int
run(void)
{
	struct epoll_event events[4];
	int total = 0, n;

	while (total < 20000 && (n = epoll_wait(epoll, events, 4, 0)) > 0) {
		for (int i = 0; i < n; i++)
			pair_handle(events[i].data.ptr, events[i].events, 2000);
		total += n;
	}
	assert_in_range(total, 0, 19999); /* no event that comes for ever */
	return total;
}

static void
put(int fd, const void *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static size_t
got(int fd)
{
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	return n < 0 ? 0 : (size_t)n;
}

/* --- greetings ----------------------------------------------------------------- */

/* Header and message, with one word of capabilities: 38 bytes. */
static size_t
link_of(uint8_t *out, uint8_t type, uint32_t connection)
{
	memset(out, 0, 38);
	le_put32(out, SPICE_MAGIC);
	le_put32(out + 4, SPICE_MAJOR);
	le_put32(out + 8, 2);
	le_put32(out + 12, 22);
	le_put32(out + 16, connection);
	out[20] = type;
	le_put32(out + 22, 1);
	le_put32(out + 30, SPICE_LINK_MESSAGE);
	le_put32(out + 34, SPICE_CAP_AUTH_SELECTION | SPICE_CAP_MINI_HEADER);
	return 38;
}

/* Byte by byte, with more behind it that is not for the relay. */
static void
test_greeting_drips(void **state)
{
	uint8_t bytes[64] = {0};
	size_t len = link_of(bytes, SPICE_DISPLAY, 0x80000001);

	(void)state;
	for (size_t i = 0; i < len - 1; i++) {
		put(client, bytes + i, 1);
		run();
		assert_int_equal(pair->tells, 0);
	}
	put(client, bytes + len - 1, 1 + 10); /* ten bytes too early */
	run();
	assert_int_equal(pair->tells, PAIR_TELLS_GREETED);
	assert_int_equal(pair->greeting->error, SPICE_OK);
	assert_int_equal(pair->greeting->link.type, SPICE_DISPLAY);
	assert_int_equal(pair->greeting->link.connection_id, 0x80000001);
	assert_int_equal(pair->greeting->len, len);
	assert_false(pair->has_ended);
	put(client, "more", 4);
	assert_int_equal(run(), 0); /* not looked at until there is an answer */
}

static void
test_greeting_bad(void **state)
{
	uint8_t bytes[64];

	(void)state;
	put(client, "GET / HTTP/1.1\r\nUpgrade: websocket\r\n", 36);
	run();
	assert_int_equal(pair->tells, PAIR_TELLS_GREETED);
	assert_int_equal(pair->greeting->error, SPICE_INVALID_MAGIC);
	assert_int_equal(greeting_start(pair, client, 0, ALL, 2000), -EPROTO);
	teardown(NULL);
	assert_int_equal(setup(NULL), 0);
	link_of(bytes, SPICE_MAIN, 0);
	le_put32(bytes + 12, 4000); /* it would come in time; nobody waits for it */
	put(client, bytes, 38);
	run();
	assert_int_equal(pair->greeting->error, SPICE_INVALID_DATA);
}

static void
test_greeting_refused(void **state)
{
	uint8_t bytes[64];

	(void)state;
	put(client, bytes, link_of(bytes, SPICE_MAIN, 0));
	put(client, "the ticket, before it was asked for", 35);
	run();
	greeting_refuse(pair, SPICE_PERMISSION_DENIED, 2000);
	assert_false(pair->has_ended);
	run();
	assert_int_equal(got(client), SPICE_REFUSAL);
	assert_int_equal(le_get32(buf), SPICE_MAGIC);
	assert_int_equal(le_get32(buf + SPICE_LINK_HEADER), SPICE_PERMISSION_DENIED);
	assert_int_equal(recv(client, buf, 1, MSG_DONTWAIT), 0);
	assert_false(pair->has_ended); /* a reset could take the refusal away */
	close(client);
	client = -1;
	run();
	assert_true(pair->has_ended);
	assert_int_equal(pair->why, PROTO_ENDED_STOPPED);
}

/* Who is refused and goes on talking is not listened to for ever. */
static void
test_greeting_refused_talks(void **state)
{
	uint8_t bytes[64];

	(void)state;
	put(client, bytes, link_of(bytes, SPICE_MAIN, 0));
	run();
	greeting_refuse(pair, SPICE_PERMISSION_DENIED, 2000);
	for (int i = 0; i < 100 && !pair->has_ended; i++) {
		(void)!send(client, buf, 4096, MSG_NOSIGNAL);
		run();
	}
	assert_true(pair->has_ended);
}

static void
test_greeting_late(void **state)
{
	static struct table table;

	(void)state;
	table_init(&table);
	table_add(&table, pair);
	put(client, "RED", 3);
	run();
	table_sweep(&table, 5900);
	assert_int_equal(table.live, 1);
	table_sweep(&table, 6200);
	assert_int_equal(table.live, 0);
	assert_ptr_equal(table_telling(&table), pair);
	assert_true(pair->has_ended);
	assert_int_equal(pair->why, PROTO_ENDED_IDLE);
	assert_string_equal(pair->words, "no whole greeting in time");
	assert_int_equal(recv(client, buf, 1, MSG_DONTWAIT), 0);
	table_told(&table);
	pair = NULL;
}

static void
test_greeting_closed(void **state)
{
	uint8_t bytes[64];

	(void)state;
	put(client, bytes, link_of(bytes, SPICE_MAIN, 0));
	run();
	assert_false(pair->has_ended);
	close(client);
	client = -1;
	run();
	assert_true(pair->has_ended);
	assert_int_equal(pair->why, PROTO_ENDED_CLIENT);
}

static void
test_greetings_bounded(void **state)
{
	static struct pair *many[8192];
	static int ends[8192];
	struct pair *one_more;
	struct rlimit files;
	int last, n = 0, err = 0;

	(void)state;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	while (n < 8192 && (err = half(&many[n], &ends[n])) == 0)
		n++;
	if (err == 0 || n < 200) { /* 1 of setup's, and as many files as we have */
		assert_int_equal(n, 8191);
		assert_int_equal(half(&one_more, &last), -EMFILE);
	}
	close(ends[n < 8192 ? n : 0]);
	for (int i = 0; i < n; i++) {
		pair_end(many[i], PROTO_ENDED_STOPPED);
		pair_free(many[i]);
		close(ends[i]);
	}
}

/* --- with a VM ------------------------------------------------------------------- */

static void
join(uint8_t type, uint32_t connection, uint32_t may)
{
	uint8_t bytes[64];
	int ends[2];

	put(client, bytes, link_of(bytes, type, connection));
	run();
	pair->tells = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	vm = ends[0];
	assert_int_equal(greeting_start(pair, ends[1], 0, may, 2000), 0);
	assert_null(pair->greeting);
	run();
	assert_int_equal(got(vm), 38);
	assert_memory_equal(buf, bytes, 38);
}

/* The server's reply with one word of capabilities, the client's mechanism and
 * ticket, the result. */
static void
shake_hands(void)
{
	uint8_t bytes[256] = {0};

	le_put32(bytes, SPICE_MAGIC);
	le_put32(bytes + 4, SPICE_MAJOR);
	le_put32(bytes + 8, 2);
	le_put32(bytes + 12, SPICE_REPLY + 4);
	le_put32(bytes + 16 + 166, 1);
	le_put32(bytes + 16 + 174, SPICE_REPLY);
	le_put32(bytes + 16 + 178, SPICE_CAP_AUTH_SELECTION | SPICE_CAP_MINI_HEADER);
	put(vm, bytes, 16 + SPICE_REPLY + 4);
	run();
	assert_int_equal(got(client), 16 + SPICE_REPLY + 4);
	memset(bytes, 0, sizeof(bytes));
	le_put32(bytes, 2); /* SASL: it becomes 1 on its way */
	put(client, bytes, 4 + 128);
	run();
	assert_int_equal(got(vm), 4 + 128);
	assert_int_equal(le_get32(buf), 1);
	memset(bytes, 0, 4);
	put(vm, bytes, 4);
	run();
	assert_int_equal(got(client), 4);
}

static size_t
message(uint8_t *out, uint16_t type, uint32_t size)
{
	memset(out, 0, 6 + size);
	le_put16(out, type);
	le_put32(out + 2, size);
	return 6 + size;
}

/* From the result on nobody looks at a display's bytes. */
static void
test_display_opens(void **state)
{
	(void)state;
	join(SPICE_DISPLAY, 0x80000001, SPICE_MAY_SEE);
	assert_non_null(pair->console);
	shake_hands();
	assert_null(pair->console);
	put(vm, "picture", 7);
	put(client, "ack", 3);
	run();
	assert_int_equal(got(client), 7);
	assert_int_equal(got(vm), 3);
	assert_int_equal(pair->side[0].bytes, 38 + 132 + 3);
	assert_int_equal(pair->side[1].bytes, 198 + 4 + 7);
	assert_int_equal(pair->tells, 0);
}

/* Nothing of INIT is at the client when its session id is not in the queue yet. */
static void
test_session_first(void **state)
{
	uint8_t bytes[64];
	size_t len = message(bytes, 103, 32);

	(void)state;
	join(SPICE_MAIN, 0, ALL);
	shake_hands();
	assert_non_null(pair->console);
	le_put32(bytes + 6, 0xdeadbeef);
	for (size_t i = 0; i < len; i++) {
		put(vm, bytes + i, 1);
		run();
		if (got(client) > 0)
			assert_int_equal(pair->tells, PAIR_TELLS_SESSION);
	}
	assert_int_equal(pair->tells, PAIR_TELLS_SESSION);
	assert_int_equal(console_session(pair->console), 0xdeadbeef);
	pair->tells = 0;
	put(client, bytes, message(bytes, 104, 0)); /* ATTACH_CHANNELS */
	run();
	assert_int_equal(got(vm), 6);
	assert_int_equal(pair->tells, 0); /* once */
}

static void
start_main(uint32_t may)
{
	uint8_t bytes[64];
	size_t len = message(bytes, 103, 32);

	join(SPICE_MAIN, 0, may);
	shake_hands();
	le_put32(bytes + 6, 42);
	put(vm, bytes, len);
	run();
	assert_int_equal(got(client), len);
}

static void
test_list_filtered(void **state)
{
	uint8_t bytes[64];
	size_t len = message(bytes, 104, 4 + 2 * 4);
	static const uint8_t pairs[] = {
	    SPICE_DISPLAY, 0, SPICE_USBREDIR, 1, SPICE_INPUTS, 0, SPICE_WEBDAV, 0};

	(void)state;
	start_main(SPICE_MAY_SEE);
	le_put32(bytes + 6, 4);
	memcpy(bytes + 10, pairs, sizeof(pairs));
	put(vm, bytes, len);
	run();
	assert_int_equal(got(client), 6 + 4 + 2);
	assert_int_equal(le_get32(buf + 6), 1);
	assert_int_equal(buf[10], SPICE_DISPLAY);
}

/* A client that takes nothing stops the VM; what is kept for it is bounded; then all
 * comes, in order. */
static void
test_slow_client(void **state)
{
	static uint8_t block[6 + 10000];
	size_t sent = 0, came = 0, n;
	uint32_t next = 0, want = 0;

	(void)state;
	start_main(ALL);
	for (;; next++, sent += sizeof(block)) {
		message(block, 7, 10000); /* NOTIFY */
		le_put32(block + 6, next);
		if (send(vm, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(block))
			break; /* less than whole: the rest below */
		run();
	}
	assert_true(pump_keeps(&pair->side[1]));
	assert_in_range(pair->side[1].len, 1, CONSOLE_OUT);
	while ((n = got(client)) > 0 || run() > 0) {
		for (size_t i = 0; i < n; i++, came++)
			if (came % sizeof(block) == 6)
				assert_int_equal(buf[i], (uint8_t)want++);
	}
	assert_true(came >= sent);
}

/* A parser's end is the pair's, with its words. */
static void
test_refused_by_rules(void **state)
{
	(void)state;
	join(SPICE_MAIN, 0, ALL);
	put(client, "before the server said anything", 31);
	run();
	assert_true(pair->has_ended);
	assert_int_equal(pair->why, PROTO_ENDED_ERROR);
	assert_non_null(pair->words);
	assert_int_equal(recv(client, buf, 1, MSG_DONTWAIT), 0);
}

/* A VM that closes during the handshake; a client that does. */
static void
test_ends_early(void **state)
{
	(void)state;
	join(SPICE_INPUTS, 5, ALL);
	close(vm);
	vm = -1;
	run();
	assert_true(pair->has_ended);
	assert_int_equal(pair->why, PROTO_ENDED_VM);
	teardown(NULL);
	assert_int_equal(setup(NULL), 0);
	join(SPICE_INPUTS, 5, ALL);
	close(client);
	client = -1;
	run();
	assert_true(pair->has_ended);
	assert_int_equal(pair->why, PROTO_ENDED_CLIENT);
}

static void
test_vnc(void **state)
{
	int a[2], b[2], fds[2];

	(void)state;
	pair_end(pair, PROTO_ENDED_STOPPED);
	pair_free(pair);
	close(client);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b), 0);
	client = a[0];
	vm = b[0];
	fds[0] = a[1];
	fds[1] = b[1];
	assert_int_equal(
	    pair_new(epoll, 9, 0, fds, console_new_vnc(RFB_MAY_CONTROL), 1000, &pair), 0);
	put(vm, "RFB 003.008\n", 12);
	run();
	assert_int_equal(got(client), 12);
	put(client, "RFB 003.008\n", 12);
	run();
	assert_int_equal(got(vm), 12);
	put(vm, "\1\1", 2);
	run();
	assert_int_equal(got(client), 2);
	put(client, "\1", 1);
	run();
	assert_int_equal(got(vm), 1);
	put(vm, "\0\0\0\0", 4);
	run();
	assert_int_equal(got(client), 4);
	put(client, "\0", 1); /* exclusive: it becomes shared */
	run();
	assert_int_equal(got(vm), 1);
	assert_int_equal(buf[0], 1);
	put(vm, "the rest is theirs", 18);
	run();
	assert_int_equal(got(client), 18);
	assert_null(pair->console);
}

#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PAIR_TEST(test_greeting_drips),
	    PAIR_TEST(test_greeting_bad),
	    PAIR_TEST(test_greeting_refused),
	    PAIR_TEST(test_greeting_refused_talks),
	    PAIR_TEST(test_greeting_late),
	    PAIR_TEST(test_greeting_closed),
	    PAIR_TEST(test_greetings_bounded),
	    PAIR_TEST(test_display_opens),
	    PAIR_TEST(test_session_first),
	    PAIR_TEST(test_list_filtered),
	    PAIR_TEST(test_slow_client),
	    PAIR_TEST(test_refused_by_rules),
	    PAIR_TEST(test_ends_early),
	    PAIR_TEST(test_vnc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
