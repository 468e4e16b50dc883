/* Group membership, in a child, because a directory that hangs must not hang the
 * login. The answer comes over a pipe and not as exit status: the application's
 * own SIGCHLD handler may reap the child first. */
#include "pam_module/gated.h"

#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUPS_MAX 65536
#define BUFFER_MAX (4 * 1024 * 1024)

static bool
is_listed(char *const *members, const char *user)
{
	for (; *members != NULL; members++)
		if (strcmp(*members, user) == 0)
			return true;
	return false;
}

static enum gated
in_initgroups(const char *user, gid_t primary, gid_t wanted)
{
	gid_t *groups = calloc(GROUPS_MAX, sizeof(*groups));
	int n = GROUPS_MAX;
	enum gated answer = GATED_NO;

	if (groups == NULL || getgrouplist(user, primary, groups, &n) < 0) {
		free(groups);
		return GATED_UNKNOWN;
	}
	for (int i = 0; i < n; i++)
		if (groups[i] == wanted)
			answer = GATED_YES;
	free(groups);
	return answer;
}

static enum gated
in_group(const struct options *options, const char *user, gid_t primary, char *buf)
{
	struct group group, *found = NULL;

	if (getgrnam_r(options->group, &group, buf, BUFFER_MAX, &found) != 0 || found == NULL)
		return GATED_UNKNOWN; /* a group that does not exist is a mistake, not "no" */
	if (group.gr_gid == primary || is_listed(group.gr_mem, user))
		return GATED_YES;
	return in_initgroups(user, primary, group.gr_gid);
}

static enum gated
look_up(const struct options *options, const char *user)
{
	struct passwd pw, *found = NULL;
	char *buf = malloc(BUFFER_MAX);
	enum gated answer = GATED_UNKNOWN;

	if (buf == NULL || getpwnam_r(user, &pw, buf, BUFFER_MAX, &found) != 0 || found == NULL)
		goto out;
	if (pw.pw_uid == 0 && !options->gate_root)
		answer = GATED_NO;
	else if (options->group != NULL)
		answer = in_group(options, user, pw.pw_gid, buf);
out:
	free(buf);
	return answer;
}

static void
child(int answer_fd, const struct options *options, const char *user)
{
	unsigned char answer;

	signal(SIGTERM, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	alarm(GATED_MS / 1000 + 2); /* should the parent die meanwhile */
	answer = (unsigned char)look_up(options, user);
	(void)!write(answer_fd, &answer, 1);
	_exit(0);
}

static enum gated
read_answer(int fd, int timeout_ms)
{
	unsigned char answer = GATED_UNKNOWN;
	ssize_t n;

	if (io_wait(fd, POLLIN, io_now_ms() + timeout_ms) < 0)
		return GATED_UNKNOWN;
	do
		n = read(fd, &answer, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1 || (answer != GATED_YES && answer != GATED_NO))
		return GATED_UNKNOWN;
	return (enum gated)answer;
}

enum gated
gated_ask(const struct options *options, const char *user, int timeout_ms)
{
	enum gated answer = GATED_UNKNOWN;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return GATED_UNKNOWN;
	pid = fork();
	if (pid == 0)
		child(ends[1], options, user);
	io_close(&ends[1]);
	if (pid > 0) {
		answer = read_answer(ends[0], timeout_ms);
		/* Not yet reaped, or reaped by the application (then ECHILD below): in
		 * the first case the pid is still the child's. */
		if (waitpid(pid, NULL, WNOHANG) == 0) {
			kill(pid, SIGKILL);
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				;
		}
	}
	io_close(&ends[0]);
	return answer;
}
