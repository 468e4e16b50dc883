/* In sftp-server's place: a program that wants out, and makes system calls as it likes. Built
 * twice: for ld.so, which loads inside.so into it, and static, so that nothing does.
 *
 *   sftp-server NAME inner|outer|bare|processes   (as files_driver executes it)
 *
 * processes (in rsync's place): makes as many as it can.
 * bare: the outer step without Landlock, where a program among the libraries could be
 * executed, inside the same walls.
 *
 * A line "ok NAME: attempt (errno)" each; "FAIL" and exit 1 when one came through. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUT    "/srv/outside"
#define SECRET OUT "/secret"
#define PLACE  3

static const char *name;
static bool is_inner, is_bare;
static int failed, count;

static void
say(const char *attempt, bool is_out)
{
	printf("%s %s: %s (%s)\n", is_out ? "FAIL " : "ok", name, attempt,
	    is_out ? "it came through" : strerror(errno));
	failed += is_out;
	count++;
}

/* --- calls that must not work ---------------------------------------------------------- */

static char page[4096] __attribute__((aligned(4096)));

struct call {
	const char *attempt;
	long number;
	uintptr_t args[6];
};

#define P(text) ((uintptr_t)(text))
#define PARENT  0x7fffffff /* replaced by its process id */

static const struct call calls[] = {
    {"mount tmpfs", SYS_mount, {P("x"), P("/"), P("tmpfs"), 0, 0}},
    {"mount --bind", SYS_mount, {P("/usr"), P("/"), 0, MS_BIND, 0}},
    {"mount -o remount,rw", SYS_mount, {0, P("/"), 0, MS_REMOUNT | MS_BIND, 0}},
    {"umount /", SYS_umount2, {P("/"), MNT_DETACH}},
    {"pivot_root", SYS_pivot_root, {P("/"), P("/")}},
    {"open_tree", SYS_open_tree, {(uintptr_t)AT_FDCWD, P("/"), 1}},
    {"move_mount", SYS_move_mount, {PLACE, P(""), (uintptr_t)AT_FDCWD, P("/"), 4}},
    {"fsopen", SYS_fsopen, {P("tmpfs"), 0}},
    {"fspick", 433, {(uintptr_t)AT_FDCWD, P("/"), 0}},
    {"mount_setattr", 442, {(uintptr_t)AT_FDCWD, P("/"), 0, P(page), 32}},
    {"unshare user", SYS_unshare, {CLONE_NEWUSER}},
    {"unshare mount", SYS_unshare, {CLONE_NEWNS}},
    {"clone into a user namespace", SYS_clone, {CLONE_NEWUSER | SIGCHLD}},
    {"clone3", SYS_clone3, {P(page), 88}},
    {"fork", SYS_clone, {SIGCHLD}},
    {"setns 0", SYS_setns, {0, 0}},
    {"setns 3", SYS_setns, {PLACE, CLONE_NEWNS}},
    {"open_by_handle_at", SYS_open_by_handle_at, {PLACE, P(page), 0}},
    {"name_to_handle_at", SYS_name_to_handle_at,
	{PLACE, P(""), P(page), P(page + 200), 0x1000}},
    {"ptrace attach", SYS_ptrace, {PTRACE_ATTACH, PARENT}},
    {"ptrace seize", SYS_ptrace, {PTRACE_SEIZE, PARENT}},
    {"process_vm_readv", SYS_process_vm_readv, {PARENT, P(page), 1, P(page), 1, 0}},
    {"process_vm_writev", SYS_process_vm_writev, {PARENT, P(page), 1, P(page), 1, 0}},
    {"pidfd_open", SYS_pidfd_open, {PARENT, 0}},
    {"pidfd_getfd", SYS_pidfd_getfd, {0, 0, 0}},
    {"kcmp", SYS_kcmp, {PARENT, PARENT, 0, 0, 0}},
    {"kill the parent", SYS_kill, {PARENT, 0}},
    {"kill everybody", SYS_kill, {(uintptr_t)-1, 0}},
    {"tgkill the parent", SYS_tgkill, {PARENT, PARENT, 0}},
    {"tkill the parent", SYS_tkill, {PARENT, 0}},
    {"rt_sigqueueinfo", SYS_rt_sigqueueinfo, {PARENT, SIGUSR1, P(page)}},
    {"fcntl: its signals to the parent", SYS_fcntl, {0, F_SETOWN, PARENT}},
    {"fcntl: which signal", SYS_fcntl, {0, F_SETSIG, SIGKILL}},
    {"fcntl: a lease", SYS_fcntl, {PLACE, F_SETLEASE, F_RDLCK}},
    {"socket inet", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {"socket unix", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
    {"socket netlink", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
    {"socket packet", SYS_socket, {17, SOCK_RAW, 0}},
    {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, P(page)}},
    {"sendmsg", SYS_sendmsg, {0, P(page), 0}},
    {"recvmsg", SYS_recvmsg, {0, P(page), MSG_DONTWAIT}},
    {"io_uring", SYS_io_uring_setup, {8, P(page)}},
    {"aio", SYS_io_setup, {8, P(page)}},
    {"bpf", SYS_bpf, {0, P(page), 72}},
    {"userfaultfd", SYS_userfaultfd, {0}},
    {"userfaultfd, user only", SYS_userfaultfd, {1}},
    {"perf_event_open", SYS_perf_event_open, {P(page), 0, (uintptr_t)-1, (uintptr_t)-1, 0}},
    {"keyctl", SYS_keyctl, {0, (uintptr_t)-3, 1}},
    {"add_key", SYS_add_key, {P("user"), P("x"), P("x"), 1, (uintptr_t)-3}},
    {"request_key", SYS_request_key, {P("user"), P("x"), 0, (uintptr_t)-3}},
    {"memfd_create", SYS_memfd_create, {P("x"), 0}},
    {"memfd_secret", 447, {0}},
    {"execve a shell", SYS_execve, {P("/bin/sh"), P(page), P(page)}},
    {"execve a set-uid program", SYS_execve,
	{P("/usr/lib/openssh/ssh-keysign"), P(page), P(page)}},
    {"execve what was uploaded", SYS_execve, {P("/srv/vms/webdev/prog"), P(page), P(page)}},
    {"execveat what was uploaded", SYS_execveat,
	{PLACE, P("webdev/prog"), P(page), P(page), 0}},
    {"setuid", SYS_setuid, {0}},
    {"setgid", SYS_setgid, {0}},
    {"setgroups", SYS_setgroups, {0, P(page)}},
    {"setfsuid", SYS_setfsuid, {0}},
    {"ambient capability", SYS_prctl,
	{PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0}},
    {"be dumped", SYS_prctl, {PR_SET_DUMPABLE, 1, 0, 0, 0}},
    {"keep capabilities", SYS_prctl, {PR_SET_KEEPCAPS, 1, 0, 0, 0}},
    {"who may trace it", SYS_prctl, {0x59616d61, (uintptr_t)-1, 0, 0, 0}},
    {"set_mm", SYS_prctl, {PR_SET_MM, PR_SET_MM_EXE_FILE, 0, 0, 0}},
    {"personality", SYS_personality, {0x0040000}},
    {"mknod a device", SYS_mknodat, {PLACE, P("dev"), S_IFCHR | 0666, 0x103}},
    {"mknod a pipe", SYS_mknodat, {PLACE, P("webdev/pipe"), S_IFIFO | 0666, 0}},
    {"openat2", SYS_openat2, {(uintptr_t)AT_FDCWD, P(SECRET), P(page), 24}},
    {"shared memory", SYS_shmget, {0, 4096, 01600}},
    {"message queue", SYS_msgget, {0, 01600}},
    {"semaphores", SYS_semget, {0, 1, 01600}},
    {"mq_open", SYS_mq_open, {P("x"), O_CREAT | O_RDWR, 0600, 0}},
    {"inotify", SYS_inotify_init1, {0}},
    {"fanotify", SYS_fanotify_init, {0, 0}},
    {"timer_create", SYS_timer_create, {CLOCK_REALTIME, P(page), P(page + 100)}},
    {"setpriority", SYS_setpriority, {2, 0, 19}},
    {"limits of the parent", SYS_prlimit64, {PARENT, 7, 0, P(page)}},
    {"sched_setscheduler", SYS_sched_setscheduler, {PARENT, 0, P(page)}},
    {"sethostname", SYS_sethostname, {P("x"), 1}},
    {"settimeofday", SYS_settimeofday, {P(page), 0}},
    {"adjtimex", SYS_adjtimex, {P(page)}},
    {"syslog", SYS_syslog, {3, P(page), 100}},
    {"acct", SYS_acct, {0}},
    {"quotactl", SYS_quotactl, {0, 0, 0, 0}},
    {"swapon", SYS_swapon, {P(SECRET), 0}},
    {"reboot", SYS_reboot, {0, 0, 0, 0}},
    {"init_module", SYS_init_module, {P(page), 1, P("")}},
    {"finit_module", SYS_finit_module, {0, P(""), 0}},
    {"kexec_load", SYS_kexec_load, {0, 0, 0, 0}},
    {"vhangup", SYS_vhangup, {0}},
    {"setsid", SYS_setsid, {0}},
    {"a character on the terminal", SYS_ioctl, {0, TIOCSTI, P("x")}},
    {"another ruleset", SYS_landlock_create_ruleset, {0, 0, 1}},
    {"an own notifier", SYS_seccomp, {1, 8, P(page)}},
    {"lookup_dcookie", 212, {0, P(page), 100}},
    {"read outside", SYS_openat, {(uintptr_t)AT_FDCWD, P(SECRET), O_RDONLY}},
    {"write outside", SYS_openat, {(uintptr_t)AT_FDCWD, P(SECRET), O_WRONLY}},
    {"append outside", SYS_openat, {(uintptr_t)AT_FDCWD, P(SECRET), O_WRONLY | O_APPEND}},
    {"cut outside, by open", SYS_openat, {(uintptr_t)AT_FDCWD, P(SECRET), O_RDONLY | O_TRUNC}},
    {"create outside", SYS_openat,
	{(uintptr_t)AT_FDCWD, P(OUT "/n"), O_CREAT | O_WRONLY, 0600}},
    {"a file without a name outside", SYS_openat,
	{(uintptr_t)AT_FDCWD, P(OUT), O_TMPFILE | O_RDWR, 0600}},
    {"list outside", SYS_openat, {(uintptr_t)AT_FDCWD, P(OUT), O_RDONLY | O_DIRECTORY}},
    {"/etc/passwd", SYS_openat, {(uintptr_t)AT_FDCWD, P("/etc/passwd"), O_RDONLY}},
    {"/etc/shadow", SYS_openat, {(uintptr_t)AT_FDCWD, P("/etc/shadow"), O_RDONLY}},
    {"/proc/self/environ", SYS_openat,
	{(uintptr_t)AT_FDCWD, P("/proc/self/environ"), O_RDONLY}},
    {"/proc/self/root", SYS_openat,
	{(uintptr_t)AT_FDCWD, P("/proc/self/root" SECRET), O_RDONLY}},
    {"/dev/kvm", SYS_openat, {(uintptr_t)AT_FDCWD, P("/dev/kvm"), O_RDWR}},
    {"/dev/ptmx", SYS_openat, {(uintptr_t)AT_FDCWD, P("/dev/ptmx"), O_RDWR}},
    {"write a library", SYS_openat,
	{(uintptr_t)AT_FDCWD, P("/usr/libexec/sallyport/inside.so"), O_WRONLY}},
    {"create in the root", SYS_openat,
	{(uintptr_t)AT_FDCWD, P("/n"), O_CREAT | O_WRONLY, 0600}},
    {"open the room by its path", SYS_openat,
	{(uintptr_t)AT_FDCWD, P("/closed/place"), O_RDONLY}},
    {"open the room up", SYS_fchmodat, {(uintptr_t)AT_FDCWD, P("/closed"), 0755}},
    {"chmod outside", SYS_fchmodat, {(uintptr_t)AT_FDCWD, P(SECRET), 0777}},
    {"chown outside", SYS_fchownat,
	{(uintptr_t)AT_FDCWD, P(SECRET), (uintptr_t)-1, (uintptr_t)-1, 0}},
    {"times outside", SYS_utimensat, {(uintptr_t)AT_FDCWD, P(SECRET), 0, 0}},
    {"cut outside", SYS_truncate, {P(SECRET), 0}},
    {"attribute outside", SYS_setxattr, {P(SECRET), P("user.x"), P("x"), 1, 0}},
    {"remove outside", SYS_unlinkat, {(uintptr_t)AT_FDCWD, P(SECRET), 0}},
    {"rmdir outside", SYS_unlinkat, {(uintptr_t)AT_FDCWD, P(OUT "/empty"), AT_REMOVEDIR}},
    {"mkdir outside", SYS_mkdirat, {(uintptr_t)AT_FDCWD, P(OUT "/n"), 0700}},
    {"symbolic link outside", SYS_symlinkat, {P("x"), (uintptr_t)AT_FDCWD, P(OUT "/n")}},
    {"rename outside", SYS_renameat,
	{(uintptr_t)AT_FDCWD, P(SECRET), (uintptr_t)AT_FDCWD, P(OUT "/n")}},
    {"hard link outside", SYS_linkat,
	{(uintptr_t)AT_FDCWD, P(SECRET), (uintptr_t)AT_FDCWD, P(OUT "/n"), 0}},
};

static void
try_call(const struct call *call)
{
	uintptr_t a[6];
	long got;

	if (is_bare && call->number == SYS_execve)
		return;
	for (size_t n = 0; n < 6; n++)
		a[n] = call->args[n] == PARENT ? (uintptr_t)getppid() : call->args[n];
	got = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (call->number == SYS_clone && got == 0)
		_exit(0);
	say(call->attempt, got >= 0);
}

/* --- ways -------------------------------------------------------------------------------- */

/* Whether the secret is to be had from here. */
static bool
has_secret(int folder, const char *path)
{
	char text[64] = "";
	int fd = openat(folder, path, O_RDONLY);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strstr(text, "CANARY") != NULL)
		return true;
	return fd >= 0 && openat(fd, "secret", O_RDONLY) >= 0;
}

static bool
is_anywhere(int folder)
{
	static const char *const paths[] = {"srv/outside/secret", "../outside/secret",
	    "../../outside/secret", "../../../srv/outside/secret", "outside/secret", "secret",
	    "../../../../../../../../../../srv/outside/secret", "etc/shadow",
	    "../../../../etc/shadow"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (has_secret(folder, paths[i]))
			return true;
	return false;
}

static void
try_descriptors(void)
{
	bool is_out = false;

	for (int fd = 0; fd < 1024; fd++) {
		struct stat st;
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			is_out = is_out || is_anywhere(fd);
	}
	say("what was inherited", is_out);
}

/* Beyond what should be there. */
static void
try_more_descriptors(void)
{
	bool is_out = false;
	struct stat st;

	for (int fd = 6; fd < 4096; fd++)
		is_out = is_out || fstat(fd, &st) == 0;
	errno = EBADF;
	say("descriptors that are none of its", is_out);
}

static void
try_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say("code of its own: mmap", is_inner && at != MAP_FAILED);
	say("code of its own: mprotect",
	    mprotect(page, sizeof(page), PROT_READ | PROT_EXEC) == 0 && is_inner);
}

static void
try_tracing(void)
{
	errno = EPERM;
	say("be traced", is_inner && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0);
}

#define ENOUGH 200

static int
try_processes(void)
{
	static pid_t pids[ENOUGH];
	int made = 0, err;

	while (made < ENOUGH && (pids[made] = fork()) > 0)
		made++;
	err = errno;
	if (made < ENOUGH && pids[made] == 0)
		for (;;)
			sleep(1);
	for (int i = 0; i < made; i++)
		(void)kill(pids[i], SIGUSR1);
	while (wait(NULL) > 0)
		;
	errno = err;
	say("processes without number", made == ENOUGH);
	return made == ENOUGH;
}

static void
try_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	memset(data, 0xff, sizeof(data));
	say("all capabilities", syscall(SYS_capset, &header, data) == 0);
}

/* Up from a root with the old one's descriptor in hand. */
static void
try_chroot(void)
{
	int here = open(".", O_PATH | O_DIRECTORY);
	bool is_out;

	(void)!fchdir(PLACE);
	(void)mkdir("webdev/r", 0700);
	is_out = chroot("webdev/r") == 0 && is_inner;
	say("chroot again", is_out);
	(void)!fchdir(PLACE);
	execve("webdev/prog", (char *[]){(char[]){"prog"}, NULL}, (char *[]){NULL});
	say("execute what was uploaded", false);
	(void)!chdir("webdev/r");
	for (int i = 0; i < 20; i++)
		(void)!chdir("..");
	say("chroot, and up", is_anywhere(AT_FDCWD));
	(void)!fchdir(here);
	for (int i = 0; i < 20; i++)
		(void)!chdir("..");
	say("chroot, and up from before", is_anywhere(AT_FDCWD));
	(void)!chroot(".");
	say("chroot to there", is_anywhere(AT_FDCWD) || has_secret(AT_FDCWD, "/" SECRET));
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		puts("FAIL  a program from the folder is executed");
		return 1;
	}
	name = argv[1];
	is_inner = strcmp(argv[2], "inner") == 0;
	is_bare = strcmp(argv[2], "bare") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(argv[2], "processes") == 0)
		return try_processes();
	try_more_descriptors();
	try_descriptors();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		try_call(&calls[i]);
	try_capabilities();
	try_tracing();
	try_code();
	try_chroot();
	printf("%s: %d attempts, %d came through\n", name, count, failed);
	return failed != 0 || count < 60;
}
