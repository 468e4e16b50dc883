/* How quick the processor is just now: a round trip between two processes on it, in
 * microseconds, the median of some.
 *
 * pace now             that
 * pace best MS         the least in so long
 * pace await US MS     that, as soon as it is at most US, or after so long */
#include "bench/relay/visit.h"

#include <sys/wait.h>

#define TRIPS    400
#define PAUSE_US 20000 /* between two looks, which would be a load themselves */

static int other; /* a process that sends each byte back */

static void
echo(int fd)
{
	char c;

	while (read(fd, &c, 1) == 1)
		if (write(fd, &c, 1) != 1)
			break;
	_exit(0);
}

static pid_t
start_other(void)
{
	int ends[2];
	pid_t pid;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && (pid = fork()) >= 0);
	if (pid == 0) {
		close(ends[0]);
		echo(ends[1]);
	}
	close(ends[1]);
	other = ends[0];
	return pid;
}

static double
now_us(void)
{
	static int64_t ns[TRIPS];
	char c = 'p';

	for (size_t i = 0; i < TRIPS; i++) {
		int64_t began = visit_now_ns();
		REQUIRE(write(other, &c, 1) == 1 && read(other, &c, 1) == 1);
		ns[i] = visit_now_ns() - began;
	}
	return visit_quantile(ns, TRIPS, 0.5);
}

static double
best_us(uint64_t ms)
{
	int64_t end = visit_now_ns() + (int64_t)ms * 1000000;
	double best = now_us();

	while (visit_now_ns() < end) {
		double us = now_us();

		best = us < best ? us : best;
		usleep(PAUSE_US);
	}
	return best;
}

static double
await_us(double most, uint64_t ms)
{
	int64_t end = visit_now_ns() + (int64_t)ms * 1000000;
	double us = now_us();

	while (us > most && visit_now_ns() < end) {
		usleep(PAUSE_US);
		us = now_us();
	}
	return us;
}

int
main(int argc, char **argv)
{
	uint64_t ms = 0;
	pid_t pid;

	REQUIRE(argc >= 2 && (argc == 2 || num_parse(argv[argc - 1], 0, 600000, &ms) == 0));
	pid = start_other();
	if (strcmp(argv[1], "now") == 0 && argc == 2)
		printf("%.3f\n", now_us());
	else if (strcmp(argv[1], "best") == 0 && argc == 3)
		printf("%.3f\n", best_us(ms));
	else if (strcmp(argv[1], "await") == 0 && argc == 4)
		printf("%.3f\n", await_us(strtod(argv[2], NULL), ms));
	else
		return 64;
	close(other);
	return waitpid(pid, NULL, 0) == pid ? 0 : 1;
}
