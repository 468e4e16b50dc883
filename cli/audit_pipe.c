/* pipe, fork, exec, wait. */
#include "cli/audit_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void
become(int out, char *const *argv, const char *stdin_path)
{
	char *const env[] = {NULL};
	int in = open(stdin_path != NULL ? stdin_path : "/dev/null", O_RDONLY | O_NOCTTY);

	signal(SIGPIPE, SIG_DFL);
	if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
		_exit(126);
	execve(argv[0], argv, env);
	_exit(127);
}

int
audit_pipe_open(struct audit_pipe *pipe, char *const *argv, const char *stdin_path)
{
	int ends[2];

	*pipe = (struct audit_pipe){.fd = -1};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pipe->pid = fork();
	if (pipe->pid == 0)
		become(ends[1], argv, stdin_path);
	close(ends[1]);
	if (pipe->pid < 0) {
		int err = -errno;
		close(ends[0]);
		pipe->pid = 0;
		return err;
	}
	pipe->fd = ends[0];
	return 0;
}

int
audit_pipe_close(struct audit_pipe *pipe)
{
	int status = 0;
	pid_t pid = pipe->pid;

	if (pipe->fd >= 0)
		close(pipe->fd);
	*pipe = (struct audit_pipe){.fd = -1};
	if (pid <= 0)
		return 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
