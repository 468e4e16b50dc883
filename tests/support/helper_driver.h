/* For tests: starts a helper as the supervisor does, and ends it. */
#ifndef SALLYPORT_TESTS_SUPPORT_HELPER_DRIVER_H
#define SALLYPORT_TESTS_SUPPORT_HELPER_DRIVER_H

#include "tests/support/require.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct helper {
	pid_t pid;
	int fd;
};

/* With an empty environment, but for what a sanitizer and a preloaded library need. */
static inline struct helper
helper_start(const char *const argv[])
{
	static char asan[] = "ASAN_OPTIONS=detect_leaks=0";
	char *env[] = {asan, NULL, NULL, NULL};
	struct helper h;
	int ends[2], n = 1;
	for (char **e = environ; *e != NULL && n < 3; e++)
		if (!strncmp(*e, "LD_PRELOAD=", 11) || !strncmp(*e, "CUT_LOG=", 8))
			env[n++] = *e;
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	fflush(stdout);
	h.pid = fork();
	REQUIRE(h.pid >= 0);
	if (h.pid == 0) {
		if (ends[1] == 3 || dup2(ends[1], 3) == 3)
			execve(argv[0], (char *const *)(uintptr_t)argv, env);
		_exit(127);
	}
	close(ends[1]);
	h.fd = ends[0];
	return h;
}

/* Its wait status once it ended, by a signal or because our end closed. */
static inline int
helper_end(struct helper *h, int signal_number)
{
	int status = 0;

	if (signal_number != 0) kill(h->pid, signal_number);
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	REQUIRE(waitpid(h->pid, &status, 0) == h->pid);
	return status;
}

#endif
