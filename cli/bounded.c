/* fork, pipe, deadline. */
#include "cli/bounded.h"

#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIECE   65536
#define REAP_MS 1000 /* a killed child that the kernel does not give up is left behind */

static int
grow(struct bounded *out, size_t *cap)
{
	char *grown;

	if (out->len + PIECE < *cap)
		return 0;
	grown = realloc(out->bytes, out->len + 2 * PIECE);
	if (grown == NULL)
		return -ENOMEM;
	out->bytes = grown;
	*cap = out->len + 2 * PIECE;
	return 0;
}

static int
collect(int fd, int64_t deadline_ms, size_t max, struct bounded *out)
{
	size_t cap = 0;
	ssize_t n;

	for (;;) {
		int err = grow(out, &cap);
		if (err == 0)
			err = io_wait(fd, POLLIN, deadline_ms);
		if (err < 0)
			return err;
		n = read(fd, out->bytes + out->len, PIECE);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		out->len += (size_t)n;
		if (out->len > max)
			return -EFBIG;
		out->bytes[out->len] = '\0';
		if (n == 0)
			return 0;
	}
}

/* Waits for the child until deadline_ms: its status, or -ETIMEDOUT. */
static int
reap(pid_t pid, int64_t deadline_ms)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);
		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (io_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
}

_Noreturn static void
be_child(bounded_work *work, void *arg, int fd)
{
	(void)setpgid(0, 0); /* what it starts is killed with it */
	_exit(work(arg, fd));
}

int
bounded_call(bounded_work *work, void *arg, int timeout_ms, size_t max, struct bounded *out)
{
	int64_t deadline_ms = io_now_ms() + timeout_ms;
	int ends[2], err, status;
	pid_t pid;

	*out = (struct bounded){0};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		be_child(work, arg, ends[1]);
	err = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (err == 0) {
		(void)setpgid(pid, pid); /* whoever is first */
		err = collect(ends[0], deadline_ms, max, out);
		status = err == 0 ? reap(pid, deadline_ms) : err;
		(void)kill(-pid, SIGKILL);
		if (status < 0) {
			err = status;
			(void)reap(pid, io_now_ms() + REAP_MS);
		}
		out->status = status;
	}
	close(ends[0]);
	if (err < 0)
		bounded_free(out);
	return err;
}

static int
execute(void *arg, int fd)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *const environment[] = {path, locale, NULL};
	char *const *argv = arg;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		return 127;
	execve(argv[0], argv, environment);
	return 127;
}

int
bounded_run(const char *const *argv, int timeout_ms, size_t max, struct bounded *out)
{
	return bounded_call(execute, (void *)(uintptr_t)argv, timeout_ms, max, out);
}

void
bounded_free(struct bounded *out)
{
	free(out->bytes);
	*out = (struct bounded){0};
}
