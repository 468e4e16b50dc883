/* prctl, descriptors, limits. */
#include "shell/process.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void
process_harden(struct process_limits *limits)
{
	struct rlimit none;

	/* Before anything else: no process of the same user may look inside. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDWR); /* the lowest that is free: fd */
	(void)syscall(
	    SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0); /* musl has no name for it */
	memset(limits, 0, sizeof(*limits));
	if (getrlimit(RLIMIT_CORE, &limits->core) == 0) {
		none = (struct rlimit){.rlim_cur = 0, .rlim_max = limits->core.rlim_max};
		(void)setrlimit(RLIMIT_CORE, &none);
	}
}

void
process_restore(const struct process_limits *limits)
{
	(void)setrlimit(RLIMIT_CORE, &limits->core);
}
