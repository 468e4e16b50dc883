/* Runs a command on a lesser kernel: with Landlock of an earlier ABI or without it, and
 * without user namespaces. A filter hands the calls in question to this process, which
 * answers as such a kernel would; the command knows nothing of it.
 *
 *   files_mask abi=N COMMAND…               N: 0 (none) to 7
 *   files_mask abi=N no-namespaces COMMAND… */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASK(call)                                                                              \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1),                                     \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

struct mask {
	unsigned int abi;
	bool has_namespaces;
};

/* The child stays as it is: in it the listener has this number. */
static int
install(void)
{
	struct sock_filter f[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    ASK(SYS_landlock_create_ruleset),
	    ASK(SYS_unshare),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(f) / sizeof(f[0]), .filter = f};

	return (int)syscall(
	    SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* All access rights to files that an ABI knows. */
static uint64_t
known(unsigned int abi)
{
	static const unsigned int bits[] = {0, 13, 14, 15, 15, 16, 16, 16};

	return (UINT64_C(1) << bits[abi]) - 1;
}

/* 0: go on, as the kernel; 1: *value or *error is the answer. */
static int
answer_ruleset(const struct seccomp_notif *asked, unsigned int abi, int64_t *value, int *error)
{
	static const size_t sizes[] = {0, 8, 8, 8, 16, 16, 24, 24};
	uint64_t files = 0;
	struct iovec here = {&files, sizeof(files)},
		     there = {(void *)(uintptr_t)asked->data.args[0], sizeof(files)};

	if (abi == 0) {
		*error = -EOPNOTSUPP;
		return 1;
	}
	if (asked->data.args[2] == 1) {
		*value = abi;
		return 1;
	}
	if (process_vm_readv((pid_t)asked->pid, &here, 1, &there, 1, 0) != sizeof(files) ||
	    (files & ~known(abi)) != 0)
		*error = -EINVAL;
	else if (asked->data.args[1] > sizes[abi])
		*error = -E2BIG;
	return *error != 0;
}

static void
answer(int listener, const struct mask *mask)
{
	struct seccomp_notif asked = {0};
	struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	int64_t value = 0;
	int error = 0, is_ours = 0;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
		return;
	if (asked.data.nr == SYS_landlock_create_ruleset)
		is_ours = answer_ruleset(&asked, mask->abi, &value, &error);
	else if (!mask->has_namespaces && (asked.data.args[0] & CLONE_NEWUSER) != 0) {
		error = -EPERM;
		is_ours = 1;
	}
	answer.id = asked.id;
	if (is_ours) {
		answer.flags = 0;
		answer.val = value;
		answer.error = error;
	}
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* Until nobody is left under the filter. */
static void
serve(int listener, const struct mask *mask)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	while (poll(&p, 1, -1) > 0 && (p.revents & POLLHUP) == 0)
		if ((p.revents & POLLIN) != 0)
			answer(listener, mask);
}

static void
be_child(const int *ends, char *const *command)
{
	int listener = install();
	char go;

	if (listener < 0 || write(ends[1], &listener, sizeof(listener)) != sizeof(listener) ||
	    read(ends[1], &go, 1) != 1)
		_exit(125);
	close(listener);
	close(ends[1]);
	execvp(command[0], command);
	_exit(127);
}

static int
take_listener(pid_t pid, int end)
{
	int theirs, pidfd, listener;

	if (read(end, &theirs, sizeof(theirs)) != sizeof(theirs))
		return -1;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	listener = (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
	close(pidfd);
	return write(end, "", 1) == 1 ? listener : -1;
}

int
main(int argc, char **argv)
{
	struct mask mask = {.has_namespaces = true};
	int ends[2], at = 2, listener, status;
	pid_t pid;

	if (argc < 3 || strncmp(argv[1], "abi=", 4) != 0 || argv[1][4] < '0' ||
	    argv[1][4] > '7')
		return 2;
	mask.abi = (unsigned int)(argv[1][4] - '0');
	if (strcmp(argv[at], "no-namespaces") == 0) {
		mask.has_namespaces = false;
		at++;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return 125;
	pid = fork();
	if (pid == 0)
		be_child(ends, argv + at);
	close(ends[1]);
	listener = take_listener(pid, ends[0]);
	if (listener < 0) {
		fprintf(stderr, "files_mask: no listener\n");
		return 125;
	}
	serve(listener, &mask);
	if (waitpid(pid, &status, 0) != pid)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
