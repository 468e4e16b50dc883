/* Plays the supervisor for the relay, and both ends of its pairs.
 * relay_driver RELAY */
#include "tests/support/expect.h"
#include "tests/support/helper_talk.h"
#include "tests/support/sockets.h"
#include "tests/support/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#define GIB   ((size_t)1 << 30)
#define BLOCK 65536

static const char *program;
static struct helper helper;
static uint32_t next_channel = 1;

/* What a test holds of a pair: the ends outside of the relay. */
struct ends {
	uint32_t channel;
	int client, vm;
};

struct ended {
	uint32_t channel;
	uint64_t up, down;
	uint8_t why;
	char words[PROTO_NAME_MAX + 1];
};

static void
start_relay(const char *const argv[])
{
	struct wire_in in;

	helper = helper_start(argv);
	helper_get(&helper, PROTO_READY, &in);
	REQUIRE(wire_end(&in) == 0);
}

static void
stop_relay(void)
{
	REQUIRE(helper_end(&helper, 0) == 0);
}

/* --- messages ------------------------------------------------------------------ */

static void
send_start(uint32_t channel, uint32_t idle_s, const int *fds, size_t n)
{
	uint8_t buf[64];
	struct wire_out out;
	int err;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_RELAY_START, 0);
	wire_put_u32(&out, channel);
	wire_put_u32(&out, idle_s);
	wire_put_u8(&out, PROTO_MODE_OPAQUE);
	wire_put_u32(&out, 0);
	while (
	    (err = io_send(helper.fd, buf, out.len, fds, n)) == -EAGAIN || err == -ETOOMANYREFS)
		usleep(1000); /* too many descriptors on their way, or no room */
	REQUIRE(err == 0);
}

static void
send_stop(uint32_t channel)
{
	uint8_t buf[64];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_RELAY_STOP, 0);
	wire_put_u32(&out, channel);
	helper_put(&helper, &out);
}

static struct ended
get_ended(void)
{
	struct ended ended;
	struct wire_in in;

	helper_get(&helper, PROTO_RELAY_ENDED, &in);
	ended.channel = wire_get_u32(&in);
	ended.up = wire_get_u64(&in);
	ended.down = wire_get_u64(&in);
	ended.why = wire_get_u8(&in);
	wire_get_str(&in, ended.words, sizeof(ended.words));
	REQUIRE(wire_end(&in) == 0);
	return ended;
}

static void
expect_ended(const struct ends *e, uint8_t why, uint64_t up, uint64_t down)
{
	struct ended ended = get_ended();

	if (ended.why != why || ended.up != up || ended.down != down)
		printf("ended: why %d up %" PRIu64 " down %" PRIu64 "\n", ended.why, ended.up,
		    ended.down);
	REQUIRE(ended.channel == e->channel && ended.why == why);
	REQUIRE(ended.up == up && ended.down == down);
}

/* --- pairs --------------------------------------------------------------------- */

static struct ends
open_pair(bool tcp, uint32_t idle_s)
{
	struct ends e = {.channel = next_channel++};
	int client[2], vm[2], fds[2];

	make_pair(tcp, client);
	make_pair(tcp, vm);
	e.client = client[0];
	e.vm = vm[0];
	fds[0] = client[1];
	fds[1] = vm[1];
	send_start(e.channel, idle_s, fds, 2);
	close(client[1]);
	close(vm[1]);
	return e;
}

static void
close_ends(struct ends *e)
{
	io_close(&e->client);
	io_close(&e->vm);
}

/* --- bulk ------------------------------------------------------------------------ */

struct flow {
	pthread_t thread;
	int fd;
	size_t bytes;
	uint64_t seed, sum;
};

static uint64_t
add_block(uint64_t sum, const uint64_t *block)
{
	for (size_t i = 0; i < BLOCK / 8; i++)
		sum = sum * 0x100000001b3 + block[i];
	return sum;
}

static void *
write_flow(void *arg)
{
	static _Thread_local uint64_t block[BLOCK / 8];
	struct flow *flow = arg;
	uint64_t x = flow->seed;

	for (size_t sent = 0; sent < flow->bytes; sent += BLOCK) {
		for (size_t i = 0; i < BLOCK / 8; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			block[i] = x;
		}
		flow->sum = add_block(flow->sum, block);
		for (size_t at = 0; at < BLOCK;) {
			ssize_t n =
			    send(flow->fd, (uint8_t *)block + at, BLOCK - at, MSG_NOSIGNAL);
			REQUIRE(n > 0);
			at += (size_t)n;
		}
	}
	shutdown(flow->fd, SHUT_WR);
	return NULL;
}

static void *
read_flow(void *arg)
{
	static _Thread_local uint64_t block[BLOCK / 8];
	struct flow *flow = arg;
	ssize_t n;

	while ((n = recv(flow->fd, block, BLOCK, MSG_WAITALL)) == BLOCK) {
		flow->sum = add_block(flow->sum, block);
		flow->bytes += BLOCK;
	}
	REQUIRE(n == 0);
	return NULL;
}

static void
test_bulk(bool tcp)
{
	struct ends e = open_pair(tcp, 0);
	struct flow up = {.fd = e.client, .bytes = GIB, .seed = 88172645463325252};
	struct flow down = {.fd = e.vm, .bytes = GIB, .seed = 1234567890123};
	struct flow up_read = {.fd = e.vm}, down_read = {.fd = e.client};
	struct flow *flows[] = {&up, &down, &up_read, &down_read};
	int64_t began = io_now_ms();
	long cpu = usage_us(helper.pid);

	for (size_t i = 0; i < 4; i++)
		REQUIRE(pthread_create(&flows[i]->thread, NULL, i < 2 ? write_flow : read_flow,
			    flows[i]) == 0);
	for (size_t i = 0; i < 4; i++)
		REQUIRE(pthread_join(flows[i]->thread, NULL) == 0);
	REQUIRE(up_read.bytes == GIB && down_read.bytes == GIB);
	REQUIRE(up_read.sum == up.sum && down_read.sum == down.sum && up.sum != down.sum);
	expect_ended(&e, PROTO_ENDED_BOTH, GIB, GIB);
	close_ends(&e);
	printf("ok 1 GiB each way over %s, checksums equal, %d ms, relay %ld ms CPU\n",
	    tcp ? "TCP" : "Unix sockets", (int)(io_now_ms() - began),
	    (usage_us(helper.pid) - cpu) / 1000);
}

/* --- ends -------------------------------------------------------------------------- */

static void
half_close(bool tcp, bool client_first)
{
	struct ends e = open_pair(tcp, 0);
	int first = client_first ? e.client : e.vm, second = client_first ? e.vm : e.client;

	put(first, "last words");
	shutdown(first, SHUT_WR);
	expect(second, "last words");
	expect_end(second);
	put(second, "and the answer");
	expect(first, "and the answer");
	put(second, ", again");
	shutdown(second, SHUT_WR);
	expect(first, ", again");
	expect_end(first);
	expect_ended(&e, PROTO_ENDED_BOTH, client_first ? 10 : 21, client_first ? 21 : 10);
	close_ends(&e);
}

static void
test_half_close(void)
{
	for (int i = 0; i < 4; i++)
		half_close(i & 1, i & 2);
	printf("ok half-closed by client, by VM, Unix and TCP: the other way stays open\n");
}

/* Fills until nothing more is taken, also when looked at again: this machine may have stood
 * still for the first look. How many bytes were. */
static size_t
fill(int fd)
{
	static char block[BLOCK];
	size_t total = 0;
	ssize_t n;

	for (int looks = 0; looks < 3; looks++)
		while (io_wait(fd, POLLOUT, io_now_ms() + 150) == 0)
			while ((n = send(fd, block, BLOCK, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
				total += (size_t)n;
	return total;
}

static size_t
drain(int fd, size_t want)
{
	static char block[BLOCK];
	size_t total = 0;
	ssize_t n;

	while (total < want) {
		REQUIRE(io_wait(fd, POLLIN, io_now_ms() + EXPECT_MS) == 0);
		n = recv(fd, block, BLOCK, MSG_DONTWAIT);
		REQUIRE(n > 0);
		total += (size_t)n;
	}
	return total;
}

static void
test_slow_reader(bool tcp)
{
	struct ends e = open_pair(tcp, 0);
	long before = usage_kib(helper.pid);
	size_t sent = fill(e.client);

	REQUIRE(sent > 0 && sent < 64 << 20);
	REQUIRE(usage_kib(helper.pid) - before <= 256);
	(void)usage_rest(helper.pid, 500, 20000);
	put(e.vm, "the other way goes on");
	expect(e.client, "the other way goes on");
	shutdown(e.client, SHUT_WR);
	REQUIRE(drain(e.vm, sent) == sent);
	expect_end(e.vm);
	close(e.vm);
	e.vm = -1;
	REQUIRE(get_ended().up == sent);
	close_ends(&e);
	printf(
	    "ok a slow reader (%s) stops its writer after %zu KiB; memory %+ld KiB, no CPU\n",
	    tcp ? "TCP" : "Unix", sent >> 10, usage_kib(helper.pid) - before);
}

static void
test_reset(void)
{
	const struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
	struct ends other = open_pair(true, 0);

	for (int i = 0; i < 2; i++) {
		struct ends e = open_pair(true, 0);
		int *resets = i == 0 ? &e.client : &e.vm;
		put(e.client, "x");
		expect(e.vm, "x");
		REQUIRE(setsockopt(
			    *resets, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it)) == 0);
		io_close(resets);
		expect_end(i == 0 ? e.vm : e.client);
		expect_ended(&e, i == 0 ? PROTO_ENDED_CLIENT : PROTO_ENDED_VM, 1, 0);
		close_ends(&e);
	}
	put(other.client, "unharmed");
	expect(other.vm, "unharmed");
	send_stop(other.channel);
	expect_ended(&other, PROTO_ENDED_STOPPED, 8, 0);
	close_ends(&other);
	printf("ok a reset by client or VM ends that pair, and no other\n");
}

static void
test_stop(void)
{
	struct ends e = open_pair(false, 0);
	size_t sent = fill(e.client);
	int64_t began = io_now_ms();

	send_stop(e.channel);
	struct ended ended = get_ended();
	REQUIRE(io_now_ms() - began < 5000); /* nobody reads: else it would never */
	REQUIRE(ended.why == PROTO_ENDED_STOPPED && ended.up < sent);
	send_stop(e.channel); /* crossed: no answer */
	send_stop(999999);
	REQUIRE(send(e.client, "x", 1, MSG_NOSIGNAL) < 0);
	close_ends(&e);
	REQUIRE(io_wait(helper.fd, POLLIN, io_now_ms() + 100) == -ETIMEDOUT);
	printf("ok stopped at once, told once\n");
}

/* 14 bytes through a pair that may be idle for two seconds, one each 200 ms. False when this
 * machine stood still meanwhile, so that it was idle. */
static bool
keep_busy(const struct ends *busy)
{
	int64_t last_ms = io_now_ms();

	for (int i = 0; i < 14; i++) {
		if (io_now_ms() - last_ms > 700)
			return false;
		last_ms = io_now_ms();
		put(busy->client, "x");
		expect(busy->vm, "x");
		usleep(200000);
	}
	return io_now_ms() - last_ms <= 700;
}

static void
test_idle_timeout(void)
{
	struct ends busy = open_pair(false, 2), quiet = open_pair(true, 2),
		    never = open_pair(false, 0);
	int64_t began = io_now_ms();

	if (!keep_busy(&busy)) {
		printf("this machine stood still: idle pairs once more\n");
		for (int i = 0; i < 2; i++)
			REQUIRE(get_ended().why == PROTO_ENDED_IDLE);
		close_ends(&busy);
		close_ends(&quiet);
		close_ends(&never);
		(void)get_ended();
		test_idle_timeout();
		return;
	}
	expect_ended(&quiet, PROTO_ENDED_IDLE, 0, 0);
	expect_end(quiet.client);
	expect_ended(&busy, PROTO_ENDED_IDLE, 14, 0);
	REQUIRE(io_now_ms() - began > 4300 && io_now_ms() - began < 60000);
	put(never.client, "x");
	expect(never.vm, "x");
	send_stop(never.channel);
	expect_ended(&never, PROTO_ENDED_STOPPED, 1, 0);
	close_ends(&busy);
	close_ends(&quiet);
	close_ends(&never);
	printf("ok idle pairs end after their time, busy ones and those without don't\n");
}

/* --- many ----------------------------------------------------------------------- */

#define PAIRS 1000

static struct ends many[PAIRS];

/* Each of the many channels ended, once, for that reason. */
static void
expect_many_ended(uint8_t why)
{
	static bool seen[PAIRS];

	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < PAIRS; i++) {
		struct ended ended = get_ended();
		uint32_t k = ended.channel - many[0].channel;
		REQUIRE(k < PAIRS && !seen[k] && ended.why == why);
		REQUIRE(ended.up == 1 && ended.down == 1);
		seen[k] = true;
	}
	REQUIRE(io_wait(helper.fd, POLLIN, io_now_ms() + 100) == -ETIMEDOUT);
}

static void
open_many(void)
{
	for (int i = 0; i < PAIRS; i++) {
		many[i] = open_pair(i % 2, i % 3 == 0 ? 3600 : 0);
		put(many[i].client, "u");
		put(many[i].vm, "d");
		expect(many[i].vm, "u");
		expect(many[i].client, "d");
	}
}

static void
test_many(void)
{
	long before = usage_kib(helper.pid), used, cpu;

	open_many();
	used = usage_kib(helper.pid) - before;
	cpu = usage_rest(helper.pid, 500, 5000);
	REQUIRE(used < PAIRS / 2);
	for (int i = 0; i < PAIRS; i++)
		send_stop(many[i].channel);
	expect_many_ended(PROTO_ENDED_STOPPED);
	for (int i = 0; i < PAIRS; i++)
		close_ends(&many[i]);
	printf("ok %d idle pairs: %ld KiB together, %ld us CPU in 500 ms\n", PAIRS, used, cpu);
}

/* Nobody reads what the relay has to tell: it waits, and nothing is lost. */
static void
test_queue(void)
{
	open_many();
	for (int i = 0; i < PAIRS; i++)
		close_ends(&many[i]);
	usleep(300000);
	(void)usage_rest(helper.pid, 300, 5000);
	for (int i = 0, up_first = 0; i < PAIRS; i++) {
		struct ended ended = get_ended();
		REQUIRE(ended.why != PROTO_ENDED_ERROR && ended.up == 1 && ended.down == 1);
		up_first += ended.channel == many[0].channel;
		REQUIRE(up_first <= 1);
	}
	REQUIRE(io_wait(helper.fd, POLLIN, io_now_ms() + 100) == -ETIMEDOUT);
	printf("ok %d ends that nobody reads: kept, then told once each\n", PAIRS);
}

/* --- what no pair can be made of ----------------------------------------------------- */

static void
test_unfit(void)
{
	struct ends e = open_pair(true, 0);
	int pipes[2], pair[2], fds[2];

	REQUIRE(pipe2(pipes, O_CLOEXEC) == 0);
	make_pair(false, pair);
	for (int i = 0; i < 3; i++) { /* a pipe; one descriptor alone; none */
		struct ends unfit = {.channel = next_channel++};
		fds[0] = i == 0 ? pipes[0] : pair[0];
		fds[1] = pair[1];
		send_start(unfit.channel, 0, fds, i == 0 ? 2 : (size_t)(2 - i));
		expect_ended(&unfit, PROTO_ENDED_ERROR, 0, 0);
	}
	send_start(e.channel, 0, pair, 2); /* twice the same: the first one lives on */
	put(e.client, "still here");
	expect(e.vm, "still here");
	send_stop(e.channel);
	expect_ended(&e, PROTO_ENDED_STOPPED, 10, 0);
	close_ends(&e);
	close(pipes[0]);
	close(pipes[1]);
	close(pair[0]);
	close(pair[1]);
	printf("ok pipes, missing descriptors, a channel twice: told, and no harm done\n");
}

static void
test_nodelay(void)
{
	int client[2], vm[2], fds[2], on = 0;
	socklen_t len = sizeof(on);
	struct ends e = {.channel = next_channel++};

	tcp_pair(client);
	tcp_pair(vm);
	fds[0] = client[1];
	fds[1] = vm[1];
	send_start(e.channel, 0, fds, 2);
	put(client[0], "x");
	expect(vm[0], "x");
	for (int i = 0; i < 2; i++)
		REQUIRE(
		    getsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0 && on != 0);
	send_stop(e.channel); /* our copies don't keep it open */
	expect_ended(&e, PROTO_ENDED_STOPPED, 1, 0);
	expect_end(client[0]);
	expect_end(vm[0]);
	for (int i = 0; i < 2; i++) {
		close(client[i]);
		close(vm[i]);
	}
	printf("ok no Nagle on either side; copies of descriptors don't outlive the end\n");
}

/* The relay may open 100 files: 30 pairs, and four pipes. The rest is refused, these work. */
static void
test_file_limit(void)
{
	const char *const argv[] = {
	    "/bin/sh", "-c", "ulimit -n 100; exec \"$0\"", program, NULL};
	struct ends e[60];
	int refused = 0;

	start_relay(argv);
	for (int i = 0; i < 60; i++)
		e[i] = open_pair(false, 0);
	for (; refused < 30; refused++)
		REQUIRE(get_ended().why == PROTO_ENDED_ERROR);
	REQUIRE(io_wait(helper.fd, POLLIN, io_now_ms() + 300) == -ETIMEDOUT);
	for (int i = 0; i < 60; i++) {
		if (i < 30) {
			put(e[i].client, "x");
			expect(e[i].vm, "x");
		}
		close_ends(&e[i]);
	}
	stop_relay();
	printf("ok over the limit of files: refused, the others go on\n");
}

int
main(int argc, char **argv)
{
	struct rlimit files;

	if (argc != 2) {
		printf("usage: relay_driver RELAY\n");
		return 64;
	}
	program = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
	test_file_limit();
	files.rlim_cur = files.rlim_max;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
	start_relay((const char *const[]){program, NULL});
	test_half_close();
	test_reset();
	test_stop();
	test_unfit();
	test_nodelay();
	test_slow_reader(false);
	test_slow_reader(true);
	test_many();
	test_queue();
	test_idle_timeout();
	test_bulk(false);
	test_bulk(true);
	struct ends e = open_pair(false, 0);
	put(e.client, "x");
	expect(e.vm, "x");
	stop_relay();
	expect_end(e.client);
	expect_end(e.vm);
	printf("ok without its supervisor it ends, and all pairs with it\n");
	return 0;
}
