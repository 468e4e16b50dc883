/* fork, exec, kill, reap. */
#include "daemon/servant_process.h"

#include "daemon/stranger.h"
#include "lib/helper.h"
#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
become(int socket, char *const *argv)
{
	char journal[64];
	const char *stream = getenv("JOURNAL_STREAM");
	char *env[2] = {NULL, NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	if (stream != NULL) {
		snprintf(journal, sizeof(journal), "JOURNAL_STREAM=%s", stream);
		env[0] = journal;
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	/* socket may be 3 itself, or 0..2 if those were closed: move it up first. */
	socket = fcntl(socket, F_DUPFD, 10);
	if (socket < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(socket, HELPER_FD) < 0 || close_range(HELPER_FD + 1, ~0U, 0) < 0)
		_exit(126);
	execve(argv[0], argv, env);
	_exit(127);
}

int
servant_process_start(struct servant_process *process, char *const *argv, bool passes_fds)
{
	int ends[2], err;
	bool is_barred;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	is_barred = !passes_fds && stranger_bar(ends[0]);
	pid = fork();
	if (pid == 0)
		become(ends[1], argv);
	err = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (err < 0)
		close(ends[0]);
	else
		*process = (struct servant_process){.pid = pid,
		    .pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
		    .socket = ends[0],
		    .is_barred = is_barred};
	return err;
}

void
servant_process_end(struct servant_process *process)
{
	stranger_close(&process->socket);
	/* KILL and not TERM: what it has not told us does not count, and a store or log
	 * that was cut in mid-write is what its start is made for. Reaped by main's
	 * SIGCHLD, because a wait for a process that hangs in the disk would hang us. */
	if (process->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, process->pidfd, SIGKILL, NULL, 0);
	io_close(&process->pidfd);
	process->pid = -1;
}

void
servant_process_finish(struct servant_process *process, int timeout_ms)
{
	int64_t deadline_ms = io_now_ms() + timeout_ms;

	if (process->socket >= 0)
		(void)shutdown(process->socket, SHUT_WR);
	while (process->pid > 0 && io_now_ms() < deadline_ms) {
		if (waitpid(process->pid, NULL, WNOHANG) != 0)
			process->pid = -1; /* ended, or reaped before */
		else
			usleep(5000);
	}
	servant_process_end(process);
}
