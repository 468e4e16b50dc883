/* Runs commands in turn, again and again, and says how long each took: all have the
 * same weather. Times from before the fork to after the wait; CPU and peak RSS as
 * the kernel counts them for the process and those that it waited for. With "parent"
 * they are children of measure's parent, and neither these nor the exit status is seen.
 * "measure stamp" as a case's last command says when it began: the case's time ends there. */
#include "lib/num.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CASES_MAX  16
#define ARGS_MAX   24
#define ROUNDS_MAX 10000

extern char **environ;

struct sample {
	int64_t us, cpu_us, rss_kb;
};

struct one_case {
	char *name;
	FILE *input; /* a line for each run's standard input; NULL: none */
	int exit_wanted;
	bool is_stamped;
	char *argv[ARGS_MAX + 1]; /* or "@flush FILE", "@append FILE [BUSY-US]" */
	struct sample *samples;
	size_t failed;
};

static struct one_case cases[CASES_MAX];
static size_t case_count;

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "measure: %s: %s\n", what, why);
	exit(1);
}

/* What a store does: a small write into room that is there, and a flush. */
static void
flush_once(const char *path, struct sample *sample)
{
	static char block[4096];
	int64_t began;
	struct stat st;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path, strerror(errno));
	/* Room is made once: right behind another flush the disk is still awake, and
	 * would answer in half the time that it takes a login's. */
	if (st.st_size == 0 && (pwrite(fd, block, sizeof(block), 0) < 0 || fsync(fd) < 0))
		die(path, strerror(errno));
	block[0]++;
	began = now_us();
	if (pwrite(fd, block, sizeof(block), 0) < 0 || fdatasync(fd) < 0)
		die(path, strerror(errno));
	sample->us = now_us() - began;
	close(fd);
}

/* What a log does: a line at the end of a file that grows with it, and a flush. That
 * is dearer, because the file's new length must be on disk, too. busy_us (NULL: none) of
 * other work go before it. */
static void
append_once(const char *path, const char *busy_us, struct sample *sample)
{
	static char line[300];
	int64_t began = now_us();
	uint64_t busy = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path, strerror(errno));
	if (busy_us != NULL && num_parse(busy_us, 0, 1000000, &busy) < 0)
		die(path, "busy for how many microseconds?");
	while (now_us() - began < (int64_t)busy)
		;
	began = now_us();
	if (write(fd, line, sizeof(line)) < 0 || fdatasync(fd) < 0)
		die(path, strerror(errno));
	sample->us = now_us() - began;
	close(fd);
}

/* A pipe with the next line in it. */
static int
input_of(struct one_case *c)
{
	char line[512];
	int ends[2];
	size_t len;

	if (c->input == NULL)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fgets(line, sizeof(line), c->input) == NULL)
		die(c->name, "no input left");
	len = strlen(line);
	if (pipe2(ends, O_CLOEXEC) < 0 || write(ends[1], line, len) != (ssize_t)len)
		die(c->name, strerror(errno));
	close(ends[1]);
	return ends[0];
}

/* What "measure stamp" said. */
static int64_t
read_stamp(struct one_case *c, int fd)
{
	char text[32];
	uint64_t us;
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	if (num_parse(text, 1, INT64_MAX, &us) < 0)
		die(c->name, "its command did not say when it began");
	return (int64_t)us;
}

static void
output_of(const struct one_case *c, int ends[2])
{
	ends[0] = -1;
	ends[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (c->is_stamped && (close(ends[1]) < 0 || pipe2(ends, O_CLOEXEC) < 0))
		die(c->name, strerror(errno));
}

/* Since it began. */
static int64_t
time_of(struct one_case *c, int output, int64_t began, int64_t ended)
{
	int64_t us = c->is_stamped ? read_stamp(c, output) : ended;

	if (output >= 0)
		close(output);
	return us - began;
}

/* As sshd's own child, which is what a session's first process is. Its exit status is
 * sshd's, too: nobody else is told. */
static void
run_for_parent(struct one_case *c, struct sample *sample)
{
	struct pollfd end = {.fd = -1, .events = POLLIN};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), out[2];
	int64_t began;
	long pid;

	output_of(c, out);
	began = now_us();
	pid = syscall(
	    SYS_clone, CLONE_PARENT | CLONE_PIDFD | CLONE_VFORK, NULL, &end.fd, NULL, NULL);
	if (pid == 0) {
		for (int fd = 0; fd <= 2; fd++)
			(void)dup2(fd == 1 ? out[1] : null, fd);
		execve(c->argv[0], c->argv, environ);
		_exit(127);
	}
	close(out[1]);
	if (pid < 0 || poll(&end, 1, -1) != 1)
		die(c->argv[0], strerror(errno));
	sample->us = time_of(c, out[0], began, now_us());
	close(end.fd);
	close(null);
}

static void
run_once(struct one_case *c, struct sample *sample)
{
	posix_spawn_file_actions_t actions;
	int status, err, in = input_of(c), out[2];
	struct rusage usage;
	int64_t began;
	pid_t pid;

	output_of(c, out);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	began = now_us();
	err = posix_spawn(&pid, c->argv[0], &actions, NULL, c->argv, environ);
	if (err != 0)
		die(c->argv[0], strerror(err));
	close(out[1]);
	if (wait4(pid, &status, 0, &usage) != pid)
		die(c->name, strerror(errno));
	sample->us = time_of(c, out[0], began, now_us());
	sample->cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
			 usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	sample->rss_kb = usage.ru_maxrss;
	posix_spawn_file_actions_destroy(&actions);
	close(in);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != c->exit_wanted)
		c->failed++;
}

/* NAME<tab>INPUT or -<tab>EXIT<tab>WORD<tab>WORD… */
static void
read_case(char *line, size_t rounds)
{
	struct one_case *c = &cases[case_count++];
	char *next = line, *input;
	uint64_t status;
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	c->name = strdup(strsep(&next, "\t"));
	input = next != NULL ? strsep(&next, "\t") : NULL;
	if (input == NULL || next == NULL ||
	    num_parse(strsep(&next, "\t"), 0, 255, &status) < 0)
		die(line, "not a case");
	c->exit_wanted = (int)status;
	if (strcmp(input, "-") != 0 && (c->input = fopen(input, "re")) == NULL)
		die(input, strerror(errno));
	while (next != NULL && n < ARGS_MAX)
		c->argv[n++] = strdup(strsep(&next, "\t"));
	c->is_stamped = n > 0 && strstr(c->argv[n - 1], "measure stamp") != NULL;
	c->samples = calloc(rounds, sizeof(*c->samples));
	if (n == 0 || c->samples == NULL)
		die(c->name, "no command, or no memory");
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t
quantile(const struct one_case *c, size_t rounds, size_t field, unsigned int percent)
{
	static int64_t values[ROUNDS_MAX];

	for (size_t i = 0; i < rounds; i++)
		values[i] = field == 0   ? c->samples[i].us
			    : field == 1 ? c->samples[i].cpu_us
					 : c->samples[i].rss_kb;
	qsort(values, rounds, sizeof(values[0]), compare);
	return values[(rounds - 1) * percent / 100];
}

int
main(int argc, char **argv)
{
	static char line[4096];
	uint64_t rounds, pause_ms = 0;
	bool for_parent = argc == 4 && strcmp(argv[3], "parent") == 0;
	int result = 0;

	if (argc == 2 && strcmp(argv[1], "stamp") == 0)
		return printf("%lld", (long long)now_us()) > 0 ? 0 : 1;
	if (argc < 2 || argc > 3 + for_parent ||
	    num_parse(argv[1], 1, ROUNDS_MAX, &rounds) < 0 ||
	    (argc >= 3 && num_parse(argv[2], 0, 10000, &pause_ms) < 0)) {
		fputs("usage: measure ROUNDS [PAUSE-MS [parent]] <CASES\n", stderr);
		return 64;
	}
	while (fgets(line, sizeof(line), stdin) != NULL && case_count < CASES_MAX)
		read_case(line, rounds);
	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < case_count; i++) {
			struct one_case *c = &cases[(i + r) % case_count];
			/* In which what the last one left is dealt with. */
			(void)poll(NULL, 0, (int)pause_ms);
			if (strcmp(c->argv[0], "@append") == 0)
				append_once(c->argv[1], c->argv[2], &c->samples[r]);
			else if (strcmp(c->argv[0], "@flush") == 0)
				flush_once(c->argv[1], &c->samples[r]);
			else if (for_parent)
				run_for_parent(c, &c->samples[r]);
			else
				run_once(c, &c->samples[r]);
		}
	}
	for (size_t i = 0; i < case_count; i++) {
		const struct one_case *c = &cases[i];
		printf("%s\t%lld\t%lld\t%lld\t%lld\t%lld\t%zu\n", c->name,
		    (long long)quantile(c, rounds, 0, 50),
		    (long long)quantile(c, rounds, 0, 10),
		    (long long)quantile(c, rounds, 0, 90),
		    (long long)quantile(c, rounds, 1, 50),
		    (long long)quantile(c, rounds, 2, 50), c->failed);
		if (c->failed > 0)
			result = 1;
	}
	return result;
}
