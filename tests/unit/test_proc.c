/* Reading /proc without being fooled, and asking the kernel whose a socket is. */
#include "daemon/proc.h"
#include "daemon/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Linked with --wrap (Makefile): the executables may lie on a file system that answers
 * nobody. It can be asked for what the kernel has in memory, and for nothing else. */
int
__wrap_stat(const char *path, struct stat *st);
int
__wrap_statx(int folder, const char *path, int flags, unsigned int mask, struct statx *st);
int
__real_stat(const char *path, struct stat *st);
int
__real_statx(int folder, const char *path, int flags, unsigned int mask, struct statx *st);

static bool hangs;

static bool
would_hang(const char *path)
{
	size_t len = strlen(path);

	return hangs && len > 4 && strcmp(path + len - 4, "/exe") == 0;
}

int
__wrap_stat(const char *path, struct stat *st)
{
	errno = ETIMEDOUT; /* what would be never */
	return would_hang(path) ? -1 : __real_stat(path, st);
}

int
__wrap_statx(int folder, const char *path, int flags, unsigned int mask, struct statx *st)
{
	errno = ETIMEDOUT;
	if (would_hang(path) && !(flags & AT_STATX_DONT_SYNC))
		return -1;
	return __real_statx(folder, path, flags, mask, st);
}

static pid_t
child_named(const char *name, int hold[2])
{
	char byte;
	int told[2];
	pid_t pid;

	assert_int_equal(pipe(hold), 0);
	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0) {
		close(hold[1]);
		if (name != NULL)
			prctl(PR_SET_NAME, name);
		(void)!write(told[1], "x", 1);
		(void)!read(hold[0], &byte, 1);
		_exit(0);
	}
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	close(told[1]);
	close(hold[0]);
	return pid;
}

static void
a_name_cannot_forge_the_parent(void **state)
{
	struct proc proc, self;
	int hold[2];
	pid_t pid = child_named("x) S 4242 1 1", hold);

	(void)state;
	assert_int_equal(proc_read(getpid(), &self), 0);
	assert_int_equal(proc_read(pid, &proc), 0);
	assert_int_equal(proc.parent, getpid());
	assert_true(proc.start >= self.start); /* no field before the right one */
	assert_true(proc_is_wholly(&proc, geteuid()));
	assert_true(proc_is_still_child(&proc));
	proc.parent++;
	assert_false(proc_is_still_child(&proc));
	proc.parent--;
	proc.start++;
	assert_false(proc_is_still_child(&proc));
	proc.start--;
	close(hold[1]);
	waitpid(pid, NULL, 0);
	assert_false(proc_is_still_child(&proc));
	pid = child_named("a\nPPid: 1\nUid: 0", hold);
	assert_int_equal(proc_read(pid, &proc), 0);
	assert_int_equal(proc.parent, getpid());
	close(hold[1]);
	waitpid(pid, NULL, 0);
}

static void
the_executable_is_known_by_device_and_inode(void **state)
{
	char self[] = "/proc/self/exe", path[4096];
	char *paths[] = {path};
	char *others[] = {(char[]){"/bin/sh"}};
	struct proc proc;
	struct stat st;
	ssize_t n = readlink(self, path, sizeof(path) - 1);

	(void)state;
	assert_true(n > 0);
	path[n] = '\0';
	assert_int_equal(stat(self, &st), 0);
	assert_int_equal(proc_read(getpid(), &proc), 0);
	assert_true(proc.exe_ino == st.st_ino && proc.exe_dev == st.st_dev);
	assert_true(proc_runs_one_of(&proc, paths, 1));
	assert_false(proc_runs_one_of(&proc, others, 1));
	assert_false(proc_runs_one_of(&proc, NULL, 0));
	proc.exe_ino++;
	assert_false(proc_runs_one_of(&proc, paths, 1));
}

static void
a_file_system_that_hangs_is_not_waited_for(void **state)
{
	struct proc before, proc;

	(void)state;
	assert_int_equal(proc_read(getpid(), &before), 0);
	hangs = true;
	assert_int_equal(proc_read(getpid(), &proc), 0);
	hangs = false;
	assert_true(proc.exe_ino == before.exe_ino && proc.exe_dev == before.exe_dev);
}

static void
the_dead_are_noticed(void **state)
{
	struct proc proc;
	int hold[2], pidfd;
	pid_t pid = child_named(NULL, hold);

	(void)state;
	assert_int_equal(proc_read(pid, &proc), 0);
	pidfd = proc_pidfd(&proc);
	assert_true(pidfd >= 0);
	assert_true(proc_pidfd_is_alive(pidfd));
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	assert_false(proc_pidfd_is_alive(pidfd)); /* a zombie already */
	assert_true(proc_pidfd(&proc) < 0);
	waitpid(pid, NULL, 0);
	assert_int_equal(proc_read(pid, &proc), -ESRCH);
	assert_false(proc_pidfd_is_alive(-1));
	close(pidfd);
	close(hold[1]);
}

static void
a_start_time_that_does_not_match_is_another_process(void **state)
{
	struct proc proc;

	(void)state;
	assert_int_equal(proc_read(getpid(), &proc), 0);
	proc.start++;
	assert_int_equal(proc_pidfd(&proc), -ESRCH);
	assert_int_equal(proc_read(0, &proc), -ESRCH);
	assert_int_equal(proc_read(-1, &proc), -ESRCH);
}

static void
children_are_listed(void **state)
{
	pid_t children[8];
	int hold[2];
	pid_t pid = child_named(NULL, hold);

	(void)state;
	assert_int_equal(proc_children(getpid(), children, 8), 1);
	assert_int_equal(children[0], pid);
	assert_int_equal(proc_children(getpid(), children, 0), 0);
	close(hold[1]);
	waitpid(pid, NULL, 0);
}

static int
listening(struct sockaddr_storage *address)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

static void
a_tcp_peer_is_found_by_address(void **state)
{
	struct sockaddr_storage address;
	struct sockdiag_owner owner, again;
	int netlink = sockdiag_open(), listener = listening(&address);
	int client = socket(AF_INET, SOCK_STREAM, 0), accepted, other;
	struct proc_places places = {0}, none = {0};
	struct stat st;

	(void)state;
	assert_true(netlink >= 0);
	assert_int_equal(
	    connect(client, (struct sockaddr *)&address, sizeof(struct sockaddr_in)), 0);
	accepted = accept(listener, NULL, NULL);
	assert_int_equal(sockdiag_peer(netlink, accepted, &owner), 0);
	assert_int_equal(fstat(client, &st), 0);
	assert_int_equal(owner.uid, geteuid());
	assert_true(owner.inode == st.st_ino);
	assert_true(proc_holds_socket(getpid(), owner.inode, &places));
	assert_int_equal(places.last, client);
	assert_false(proc_holds_socket(getppid(), owner.inode, &none));
	other = dup2(listener, client + 100); /* found where it is now, not where it was */
	assert_int_equal(dup2(client, client + 101), client + 101);
	assert_int_equal(dup2(other, client), client);
	assert_true(proc_holds_socket(getpid(), owner.inode, &places));
	assert_int_equal(places.last, client + 101);
	assert_int_equal(dup2(client + 101, client), client);
	close(client + 101);
	close(other);
	assert_true(proc_holds_socket(getpid(), owner.inode, &places));
	assert_false(proc_holds_socket(getppid(), owner.inode, &places));
	assert_int_equal(sockdiag_listener(netlink, &address, &owner), 0);
	assert_int_equal(fstat(listener, &st), 0);
	assert_true(owner.inode == st.st_ino);
	/* An orphan: it would say uid 0, inode 0. */
	(void)!write(client, "x", 1);
	close(client);
	assert_int_equal(sockdiag_peer(netlink, accepted, &again), -ENOENT);
	close(accepted);
	close(listener);
	assert_int_equal(sockdiag_listener(netlink, &address, &again), -ENOENT);
	close(netlink);
}

static void
another_listener_has_another_cookie(void **state)
{
	struct sockaddr_storage address;
	struct sockdiag_owner first, second;
	int netlink = sockdiag_open(), listener = listening(&address);
	const int on = 1;

	(void)state;
	assert_int_equal(sockdiag_listener(netlink, &address, &first), 0);
	close(listener);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof(struct sockaddr_in)), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(sockdiag_listener(netlink, &address, &second), 0);
	assert_true(first.cookie != second.cookie);
	close(listener);
	close(netlink);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_cannot_forge_the_parent),
	    cmocka_unit_test(the_executable_is_known_by_device_and_inode),
	    cmocka_unit_test(a_file_system_that_hangs_is_not_waited_for),
	    cmocka_unit_test(the_dead_are_noticed),
	    cmocka_unit_test(a_start_time_that_does_not_match_is_another_process),
	    cmocka_unit_test(children_are_listed),
	    cmocka_unit_test(a_tcp_peer_is_found_by_address),
	    cmocka_unit_test(another_listener_has_another_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
