/* Both ends of what a relay carries, in one process: a target that listens, and the
 * clients that reach it through the relay, or directly.
 *
 * load PIDS TARGET CONNECT bulk MS
 *                          up MS
 *                          rtt SIZE TIMES
 *                          mix MS
 *                          visit TIMES WIDTH
 *                          idle PAIRS TIMES
 *                          serve         (until its input ends: for clients elsewhere)
 *
 * PIDS: the relay's processes, by commas; with what they started they are asked for
 * CPU, memory and descriptors. "-": none. TARGET "-": another process serves. Prints
 * figure<tab>value. */
#include "bench/relay/visit.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define BLOCK     65536
#define LIMIT     ((uint64_t)4 << 30) /* bytes of one bulk run */
#define TIMES_MAX 200000
#define UP_SIZE   16
#define UP_NS     8000000 /* 125 a second */
#define DOWN_SIZE 6000
#define DOWN_NS   3333333 /* 1.8 MB/s */
#define WIDTH_MAX 256

static const char *pids;
static struct place entrance;
static int64_t samples[TIMES_MAX], ups[TIMES_MAX];
static size_t ups_count;
static volatile bool is_over;

static uint64_t
number_of(const char *text, uint64_t max)
{
	uint64_t value;

	REQUIRE(num_parse(text, 1, max, &value) == 0);
	return value;
}

static void
say(const char *figure, double value)
{
	printf("%s\t%.6g\n", figure, value);
}

/* --- the relay's processes --------------------------------------------------------- */

struct cost {
	double cpu_ns, pss_kib, fds;
};

static double
read_number(const char *path, const char *after)
{
	char line[256];
	double value = 0;
	FILE *f = fopen(path, "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, after, strlen(after)) == 0) {
			value = strtod(line + strlen(after), NULL);
			break;
		}
	}
	if (f != NULL)
		fclose(f);
	return value;
}

static double
count_files(const char *path)
{
	DIR *dir = opendir(path);
	double n = -2;

	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n;
}

static void
add_process(struct cost *cost, const char *pid, bool is_whole);

/* Those that a thread started. */
static void
add_children(struct cost *cost, const char *path, bool is_whole)
{
	FILE *f = fopen(path, "re");
	char *pid = NULL;
	size_t size = 0;

	while (f != NULL && getdelim(&pid, &size, ' ', f) > 0) {
		pid[strcspn(pid, " \n")] = '\0';
		if (pid[0] != '\0')
			add_process(cost, pid, is_whole);
	}
	free(pid);
	if (f != NULL)
		fclose(f);
}

static void
add_threads(struct cost *cost, const char *pid, bool is_whole)
{
	char path[512];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(
		    path, sizeof(path), "/proc/%s/task/%.20s/schedstat", pid, entry->d_name);
		cost->cpu_ns += read_number(path, "");
		snprintf(
		    path, sizeof(path), "/proc/%s/task/%.20s/children", pid, entry->d_name);
		add_children(cost, path, is_whole);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
add_process(struct cost *cost, const char *pid, bool is_whole)
{
	char path[64];

	add_threads(cost, pid, is_whole);
	if (!is_whole)
		return;
	snprintf(path, sizeof(path), "/proc/%.20s/smaps_rollup", pid);
	cost->pss_kib += read_number(path, "Pss:");
	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	cost->fds += count_files(path);
}

static struct cost
cost_now(bool is_whole)
{
	struct cost cost = {0};
	char list[512], *next = list, *pid;

	snprintf(list, sizeof(list), "%s", pids);
	while ((pid = strsep(&next, ",")) != NULL)
		if (strcmp(pid, "-") != 0)
			add_process(&cost, pid, is_whole);
	return cost;
}

static double
cpu_since(const struct cost *before)
{
	return cost_now(false).cpu_ns - before->cpu_ns;
}

/* --- the target ---------------------------------------------------------------------- */

static void
put_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}

static void
serve_bulk(int fd)
{
	static char block[BLOCK];

	while (send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
		;
}

/* Says so when it has all. */
static void
serve_up(int fd)
{
	static char block[BLOCK];

	while (recv(fd, block, sizeof(block), 0) > 0)
		;
	put_all(fd, "u", 1);
}

static void
serve_echo(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		put_all(fd, buf, (size_t)n);
}

static void
sleep_until(int64_t ns)
{
	const struct timespec ts = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* By poll(), as QEMU: who waits in recv() is woken whenever the relay has read, too. */
static bool
has_bytes(int fd)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};

	return poll(&wanted, 1, -1) == 1;
}

static void *
read_ups(void *arg)
{
	int fd = *(int *)arg;
	int64_t words[UP_SIZE / 8];

	while (has_bytes(fd) && recv(fd, words, UP_SIZE, MSG_WAITALL) == UP_SIZE)
		if (ups_count < TIMES_MAX)
			ups[ups_count++] = visit_now_ns() - words[0];
	return NULL;
}

static void
serve_mix(int fd)
{
	static int64_t block[DOWN_SIZE / 8];
	int64_t next = visit_now_ns();
	pthread_t reader;

	REQUIRE(pthread_create(&reader, NULL, read_ups, &fd) == 0);
	for (; !is_over; next += DOWN_NS) {
		sleep_until(next);
		block[0] = visit_now_ns();
		put_all(fd, block, DOWN_SIZE);
	}
	shutdown(fd, SHUT_RDWR);
	pthread_join(reader, NULL);
}

static void *
serve_one(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char what = 0;

	if (recv(fd, &what, 1, MSG_DONTWAIT) == 1 && what == 'b')
		serve_bulk(fd);
	else if (what == 'u')
		serve_up(fd);
	else if (what == 'm')
		serve_mix(fd);
	else if (what == 'e')
		serve_echo(fd);
	close(fd);
	return NULL;
}

/* The first byte says what is wanted; a short answer is given from here. */
static void
serve_first(int epoll, int fd)
{
	char what = 0;
	pthread_t thread;
	ssize_t n = recv(fd, &what, 1, MSG_DONTWAIT | MSG_PEEK);

	if (n < 0)
		return;
	if (n == 0) {
		close(fd);
	} else if (what == 'c' || what == 'i') {
		(void)!recv(fd, &what, 1, MSG_DONTWAIT);
		put_all(fd, &what, 1);
	} else {
		REQUIRE(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == 0);
		REQUIRE(pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd) == 0);
		pthread_detach(thread);
	}
}

static void *
serve(void *arg)
{
	int listener = *(int *)arg, epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];

	REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == 0);
	for (;;) {
		int n = epoll_wait(epoll, events, 64, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd != listener) {
				serve_first(epoll, events[i].data.fd);
				continue;
			}
			event.data.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			if (event.data.fd < 0)
				continue;
			visit_prepare(event.data.fd);
			REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event) == 0);
		}
	}
	return NULL;
}

static void
start_target(const char *where)
{
	const struct place target = place_read(where);
	static int listener;
	pthread_t thread;
	int on = 1;

	listener = socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (strncmp(where, "unix:", 5) == 0)
		unlink(where + 5);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	REQUIRE(bind(listener, (const struct sockaddr *)&target.address, target.len) == 0);
	REQUIRE(listen(listener, 4096) == 0);
	if (strncmp(where, "unix:", 5) == 0)
		REQUIRE(chmod(where + 5, 0777) == 0);
	REQUIRE(pthread_create(&thread, NULL, serve, &listener) == 0);
}

/* --- clients ------------------------------------------------------------------------- */

static int
enter(char what)
{
	int fd = place_connect(&entrance);

	visit_prepare(fd);
	REQUIRE(fd >= 0 && send(fd, &what, 1, MSG_NOSIGNAL) == 1);
	return fd;
}

static void
bulk(double seconds)
{
	static char block[BLOCK];
	int fd = enter('b');
	uint64_t bytes = 0;
	int64_t began, spent;
	struct cost before;
	ssize_t n;

	REQUIRE(recv(fd, block, sizeof(block), 0) > 0);
	before = cost_now(false);
	began = visit_now_ns();
	do {
		n = recv(fd, block, sizeof(block), 0);
		REQUIRE(n > 0);
		bytes += (uint64_t)n;
		spent = visit_now_ns() - began;
	} while (bytes < LIMIT && (double)spent < seconds * 1e9);
	say("bulk_cpu", cpu_since(&before) / 1e9 / ((double)bytes / (1 << 30)));
	say("bulk", (double)bytes / (1 << 30) / ((double)spent / 1e9));
	close(fd);
}

static void
up(double seconds)
{
	static char block[BLOCK];
	int fd = enter('u');
	uint64_t bytes = 0;
	struct cost before = cost_now(false);
	int64_t began = visit_now_ns(), spent;

	do {
		ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);
		REQUIRE(n > 0);
		bytes += (uint64_t)n;
	} while (bytes < LIMIT && (double)(visit_now_ns() - began) < seconds * 1e9);
	REQUIRE(shutdown(fd, SHUT_WR) == 0 && recv(fd, block, 1, 0) == 1);
	spent = visit_now_ns() - began;
	say("up_cpu", cpu_since(&before) / 1e9 / ((double)bytes / (1 << 30)));
	say("up", (double)bytes / (1 << 30) / ((double)spent / 1e9));
	close(fd);
}

static void
round_trips(int fd, size_t size, size_t times)
{
	static char block[4096];

	for (size_t i = 0; i < times; i++) {
		int64_t began = visit_now_ns();
		put_all(fd, block, size);
		REQUIRE(recv(fd, block, size, MSG_WAITALL) == (ssize_t)size);
		samples[i] = visit_now_ns() - began;
	}
}

static void
rtt(size_t size, size_t times)
{
	int fd = enter('e');
	struct cost before;
	char name[32];
	double cpu;

	round_trips(fd, size, times / 10 + 1);
	before = cost_now(false);
	round_trips(fd, size, times);
	cpu = cpu_since(&before);
	snprintf(name, sizeof(name), "rtt%zu_p50", size);
	say(name, visit_quantile(samples, times, 0.5));
	snprintf(name, sizeof(name), "rtt%zu_p99", size);
	say(name, visit_quantile(samples, times, 0.99));
	snprintf(name, sizeof(name), "rtt%zu_cpu", size);
	say(name, cpu / 1e3 / (double)times);
	close(fd);
}

static size_t downs_count;

static void *
read_downs(void *arg)
{
	static int64_t block[DOWN_SIZE / 8];
	int fd = *(int *)arg;

	while (recv(fd, block, DOWN_SIZE, MSG_WAITALL) == DOWN_SIZE)
		if (downs_count < TIMES_MAX)
			samples[downs_count++] = visit_now_ns() - block[0];
	return NULL;
}

static void
mix(double seconds)
{
	int fd = enter('m');
	int64_t began, next, words[UP_SIZE / 8] = {0};
	struct cost before;
	pthread_t reader;

	REQUIRE(pthread_create(&reader, NULL, read_downs, &fd) == 0);
	sleep_until(visit_now_ns() + 50000000);
	before = cost_now(false);
	began = next = visit_now_ns();
	for (; (double)(next - began) < seconds * 1e9; next += UP_NS) {
		sleep_until(next);
		words[0] = visit_now_ns();
		put_all(fd, words, UP_SIZE);
	}
	say("mix_cpu", cpu_since(&before) / 1e6 / ((double)(visit_now_ns() - began) / 1e9));
	is_over = true;
	pthread_join(reader, NULL);
	close(fd);
	say("mix_up_p99", visit_quantile(ups, ups_count, 0.99));
	say("mix_down_p50", visit_quantile(samples, downs_count, 0.5));
}

struct visitor {
	pthread_t thread;
	size_t times, failed;
};

static void *
visit_many(void *arg)
{
	struct visitor *visitor = arg;

	for (size_t i = 0; i < visitor->times; i++)
		visitor->failed += visit_once(&entrance) < 0;
	return NULL;
}

static void
visit(size_t times, size_t width)
{
	static struct visitor visitors[WIDTH_MAX];
	size_t each = times / (width > 0 ? width : 1) + 1;
	int64_t began;

	for (size_t i = 0; i < times; i++)
		REQUIRE((samples[i] = visit_once(&entrance)) >= 0);
	say("visit_p50", visit_quantile(samples, times, 0.5));
	began = visit_now_ns();
	for (size_t i = 0; i < width; i++) {
		visitors[i].times = each;
		REQUIRE(
		    pthread_create(&visitors[i].thread, NULL, visit_many, &visitors[i]) == 0);
	}
	for (size_t i = 0; i < width; i++) {
		pthread_join(visitors[i].thread, NULL);
		REQUIRE(visitors[i].failed == 0);
	}
	say("visit_rate", (double)(width * each) / ((double)(visit_now_ns() - began) / 1e9));
}

static void
idle(size_t pairs, size_t times)
{
	struct cost before = cost_now(true), after;
	char c;
	int fd;

	for (size_t i = 0; i < pairs; i++) {
		fd = enter('i');
		REQUIRE(recv(fd, &c, 1, 0) == 1);
	}
	sleep_until(visit_now_ns() + 200000000);
	after = cost_now(true);
	say("idle_kib", (after.pss_kib - before.pss_kib) / (double)pairs);
	say("idle_fds", (after.fds - before.fds) / (double)pairs);
	fd = enter('e');
	round_trips(fd, 64, times);
	say("idle_p50", visit_quantile(samples, times, 0.5));
	say("idle_p99", visit_quantile(samples, times, 0.99));
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	const char *mode;
	char c;

	REQUIRE(argc >= 5 && getrlimit(RLIMIT_NOFILE, &files) == 0);
	files.rlim_cur = files.rlim_max;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
	pids = argv[1];
	entrance = place_read(argv[3]);
	mode = argv[4];
	if (strcmp(argv[2], "-") != 0)
		start_target(argv[2]);
	if (strcmp(mode, "serve") == 0)
		while (read(0, &c, 1) > 0)
			;
	else if (strcmp(mode, "bulk") == 0 && argc == 6)
		bulk((double)number_of(argv[5], 100000) / 1e3);
	else if (strcmp(mode, "up") == 0 && argc == 6)
		up((double)number_of(argv[5], 100000) / 1e3);
	else if (strcmp(mode, "rtt") == 0 && argc == 7)
		rtt((size_t)number_of(argv[5], 4096), (size_t)number_of(argv[6], TIMES_MAX));
	else if (strcmp(mode, "mix") == 0 && argc == 6)
		mix((double)number_of(argv[5], 100000) / 1e3);
	else if (strcmp(mode, "visit") == 0 && argc == 7)
		visit((size_t)number_of(argv[5], TIMES_MAX),
		    (size_t)number_of(argv[6], WIDTH_MAX));
	else if (strcmp(mode, "idle") == 0 && argc == 7)
		idle((size_t)number_of(argv[5], 20000), (size_t)number_of(argv[6], TIMES_MAX));
	else
		return 64;
	return 0;
}
