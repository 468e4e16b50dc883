/* A table of calls, each with who needs it, until when, and what its arguments must be;
 * and a filter made of it. */
#include "files/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define CALLS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CALLS_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define CALLS_ARCH AUDIT_ARCH_RISCV64
#else
#define CALLS_ARCH 0
#endif

#define NAMESPACES                                                                             \
	((uint32_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |              \
		    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET))

enum who { SFTP = 1 << CALLS_SFTP, SCP = 1 << CALLS_SCP, RSYNC = 1 << CALLS_RSYNC, ALL = 7 };

enum what {
	ANY,     /* always */
	LOADS,   /* until main */
	CHANGES, /* not for those who may only read; Landlock knows where */
	META,    /* the same, of what was opened, be it for reading */
	PATHS,   /* the same, where Landlock does not know: in a root of its own alone */
};

/* What arguments must be. */
enum rule {
	FREE,
	FORKS,       /* no namespace */
	PAIRS,       /* AF_UNIX */
	OWN_LIMITS,  /* of process 0 */
	SIGNALS,     /* one of two, to one process */
	ITSELF,      /* argument 0 is ask->pid */
	CONTROLS,    /* duplicates, flags, locks: no signals to others, no leases */
	ASKS,        /* about a terminal or a pipe */
	MAPS,        /* not executable when serving */
	OPENS,       /* only to read, for those who may only read; flags are argument 1 */
	OPENS_AT,    /* flags are argument 2 */
	NO_PATH,     /* argument 1 is NULL where paths are real */
	SETS_ITSELF, /* prctl */
};

struct call {
	long number;
	uint8_t who, what, rule;
};

static const struct call calls[] = {
    /* Bytes. */
    {SYS_read, ALL, ANY, FREE},
    {SYS_write, ALL, ANY, FREE},
    {SYS_readv, ALL, ANY, FREE},
    {SYS_writev, ALL, ANY, FREE},
    {SYS_pread64, ALL, ANY, FREE},
    {SYS_pwrite64, ALL, ANY, FREE},
    {SYS_lseek, ALL, ANY, FREE},
    {SYS_ppoll, ALL, ANY, FREE},
    {SYS_pselect6, ALL, ANY, FREE},
    /* Descriptors. */
    {SYS_openat, ALL, ANY, OPENS_AT},
    {SYS_close, ALL, ANY, FREE},
    {SYS_close_range, ALL, ANY, FREE},
    {SYS_dup, ALL, ANY, FREE},
    {SYS_dup3, ALL, ANY, FREE},
    {SYS_fcntl, ALL, ANY, CONTROLS},
    {SYS_ioctl, ALL, ANY, ASKS},
    {SYS_pipe2, ALL, ANY, FREE},
    {SYS_socketpair, RSYNC, ANY, PAIRS},
    {SYS_fsync, ALL, ANY, FREE},
    {SYS_fdatasync, ALL, ANY, FREE},
    /* Looking. */
    {SYS_fstat, ALL, ANY, FREE},
    {SYS_newfstatat, ALL, ANY, FREE},
    {SYS_statx, ALL, ANY, FREE},
    {SYS_statfs, ALL, ANY, FREE},
    {SYS_fstatfs, ALL, ANY, FREE},
    {SYS_faccessat, ALL, ANY, FREE},
    {SYS_faccessat2, ALL, ANY, FREE},
    {SYS_readlinkat, ALL, ANY, FREE},
    {SYS_getdents64, ALL, ANY, FREE},
    {SYS_getcwd, ALL, ANY, FREE},
    {SYS_chdir, ALL, ANY, FREE},
    {SYS_fchdir, ALL, ANY, FREE},
    {SYS_getxattr, RSYNC, ANY, FREE},
    {SYS_lgetxattr, RSYNC, ANY, FREE},
    {SYS_fgetxattr, RSYNC, ANY, FREE},
    {SYS_listxattr, RSYNC, ANY, FREE},
    {SYS_llistxattr, RSYNC, ANY, FREE},
    {SYS_flistxattr, RSYNC, ANY, FREE},
    /* Changing. */
    {SYS_mkdirat, ALL, CHANGES, FREE},
    {SYS_unlinkat, ALL, CHANGES, FREE},
    {SYS_renameat, ALL, CHANGES, FREE},
    {SYS_renameat2, ALL, CHANGES, FREE},
    {SYS_linkat, ALL, CHANGES, FREE},
    {SYS_symlinkat, ALL, CHANGES, FREE},
    {SYS_ftruncate, ALL, CHANGES, FREE},
    {SYS_fallocate, ALL, CHANGES, FREE},
    {SYS_fchmod, ALL, META, FREE},
    {SYS_fchown, ALL, META, FREE},
    {SYS_fsetxattr, RSYNC, META, FREE},
    {SYS_fremovexattr, RSYNC, META, FREE},
    {SYS_utimensat, ALL, META, NO_PATH},
    {SYS_truncate, ALL, PATHS, FREE},
    {SYS_fchmodat, ALL, PATHS, FREE},
    {SYS_fchownat, ALL, PATHS, FREE},
    {SYS_setxattr, RSYNC, PATHS, FREE},
    {SYS_lsetxattr, RSYNC, PATHS, FREE},
    {SYS_removexattr, RSYNC, PATHS, FREE},
    {SYS_lremovexattr, RSYNC, PATHS, FREE},
    {SYS_umask, ALL, ANY, FREE},
    /* Memory. */
    {SYS_mmap, ALL, ANY, MAPS},
    {SYS_mprotect, ALL, ANY, MAPS},
    {SYS_munmap, ALL, ANY, FREE},
    {SYS_mremap, ALL, ANY, FREE},
    {SYS_brk, ALL, ANY, FREE},
    {SYS_madvise, ALL, ANY, FREE},
    {SYS_futex, ALL, ANY, FREE},
    {SYS_getrandom, ALL, ANY, FREE},
    /* Time and oneself. */
    {SYS_clock_gettime, ALL, ANY, FREE},
    {SYS_clock_getres, ALL, ANY, FREE},
    {SYS_gettimeofday, ALL, ANY, FREE},
    {SYS_nanosleep, ALL, ANY, FREE},
    {SYS_clock_nanosleep, ALL, ANY, FREE},
    {SYS_setitimer, ALL, ANY, FREE},
    {SYS_getpid, ALL, ANY, FREE},
    {SYS_getppid, ALL, ANY, FREE},
    {SYS_gettid, ALL, ANY, FREE},
    {SYS_getpgid, ALL, ANY, FREE},
    {SYS_getuid, ALL, ANY, FREE},
    {SYS_geteuid, ALL, ANY, FREE},
    {SYS_getgid, ALL, ANY, FREE},
    {SYS_getegid, ALL, ANY, FREE},
    {SYS_getgroups, ALL, ANY, FREE},
    {SYS_prlimit64, ALL, ANY, OWN_LIMITS},
    {SYS_uname, ALL, ANY, FREE},
    {SYS_sysinfo, ALL, ANY, FREE},
    {SYS_sched_yield, ALL, ANY, FREE},
    {SYS_sched_getaffinity, ALL, ANY, FREE},
    {SYS_prctl, ALL, ANY, SETS_ITSELF},
    /* Signals, processes, the end. */
    {SYS_rt_sigaction, ALL, ANY, FREE},
    {SYS_rt_sigprocmask, ALL, ANY, FREE},
    {SYS_rt_sigreturn, ALL, ANY, FREE},
    {SYS_rt_sigsuspend, ALL, ANY, FREE},
    {SYS_sigaltstack, ALL, ANY, FREE},
    {SYS_restart_syscall, ALL, ANY, FREE},
    {SYS_clone, RSYNC, ANY, FORKS},
    {SYS_wait4, RSYNC, ANY, FREE},
    {SYS_set_robust_list, ALL, ANY, FREE},
    {SYS_rseq, ALL, ANY, FREE},
    {SYS_kill, RSYNC, ANY, SIGNALS},
    {SYS_tgkill, ALL, ANY, ITSELF},
    {SYS_exit, ALL, ANY, FREE},
    {SYS_exit_group, ALL, ANY, FREE},
    /* Until main: to be executed, and for the inner step. */
    {SYS_execve, ALL, LOADS, FREE},
    {SYS_set_tid_address, ALL, LOADS, FREE},
    {SYS_chroot, ALL, LOADS, FREE},
    {SYS_capset, ALL, LOADS, FREE},
    {SYS_landlock_restrict_self, ALL, LOADS, FREE},
#if defined(__x86_64__)
    {SYS_arch_prctl, ALL, LOADS, FREE},
    {SYS_open, ALL, ANY, OPENS},
    {SYS_stat, ALL, ANY, FREE},
    {SYS_lstat, ALL, ANY, FREE},
    {SYS_access, ALL, ANY, FREE},
    {SYS_readlink, ALL, ANY, FREE},
    {SYS_getdents, ALL, ANY, FREE},
    {SYS_poll, ALL, ANY, FREE},
    {SYS_select, ALL, ANY, FREE},
    {SYS_pipe, ALL, ANY, FREE},
    {SYS_dup2, ALL, ANY, FREE},
    {SYS_alarm, ALL, ANY, FREE},
    {SYS_time, ALL, ANY, FREE},
    {SYS_getpgrp, ALL, ANY, FREE},
    {SYS_getrlimit, ALL, ANY, FREE},
    {SYS_fork, RSYNC, ANY, FREE},
    {SYS_mkdir, ALL, CHANGES, FREE},
    {SYS_rmdir, ALL, CHANGES, FREE},
    {SYS_unlink, ALL, CHANGES, FREE},
    {SYS_rename, ALL, CHANGES, FREE},
    {SYS_link, ALL, CHANGES, FREE},
    {SYS_symlink, ALL, CHANGES, FREE},
    {SYS_chmod, ALL, PATHS, FREE},
    {SYS_chown, ALL, PATHS, FREE},
    {SYS_lchown, ALL, PATHS, FREE},
    {SYS_utime, ALL, PATHS, FREE},
    {SYS_utimes, ALL, PATHS, FREE},
    {SYS_futimesat, ALL, PATHS, FREE},
#endif
};

/* A filter as it grows. */
struct text {
	struct sock_filter *f;
	size_t at;
};

static void
add(struct text *t, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (t->at < CALLS_FILTER_MAX)
		t->f[t->at] = (struct sock_filter){.code = code, .jt = yes, .jf = no, .k = k};
	t->at++;
}

static void
load_arg(struct text *t, size_t n)
{
	add(t, BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)(offsetof(struct seccomp_data, args) + n * sizeof(uint64_t)), 0, 0);
}

static void
allow(struct text *t)
{
	add(t, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void
refuse(struct text *t, int err)
{
	add(t, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)err, 0, 0);
}

/* Argument n (32 bits of it) is one of values: allow; else refuse. */
static void
one_of(struct text *t, size_t n, const uint32_t *values, size_t count)
{
	load_arg(t, n);
	for (size_t i = 0; i < count; i++) {
		add(t, BPF_JMP | BPF_JEQ | BPF_K, values[i], 0, 1);
		allow(t);
	}
	refuse(t, EPERM);
}

/* None of these bits in argument n: allow; else refuse. */
static void
none_of(struct text *t, size_t n, uint32_t bits)
{
	load_arg(t, n);
	add(t, BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0);
	allow(t);
	refuse(t, EPERM);
}

/* NULL is both halves. */
static void
no_path(struct text *t)
{
	load_arg(t, 1);
	add(t, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
	add(t, BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)(offsetof(struct seccomp_data, args) + sizeof(uint64_t) + 4), 0, 0);
	add(t, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
	allow(t);
	refuse(t, EPERM);
}

/* rsync's processes tell each other by SIGUSR1 and SIGUSR2 that they are done. To one
 * process, not to a group or to all. */
static void
signals(struct text *t)
{
	static const uint32_t told[] = {SIGUSR1, SIGUSR2};

	load_arg(t, 0);
	add(t, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	add(t, BPF_JMP | BPF_JGT | BPF_K, INT32_MAX, 0, 1);
	refuse(t, EPERM);
	one_of(t, 1, told, 2);
}

/* That it can be traced and dumped is no one's to say: who gathers crashed processes on
 * the host shall read nothing of one that was taken over. */
static void
sets_itself(struct text *t, const struct calls_ask *ask)
{
	static const uint32_t sets[] = {
	    PR_GET_DUMPABLE, PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_SET_SECCOMP};
	const uint32_t none = 0;

	load_arg(t, 0);
	add(t, BPF_JMP | BPF_JEQ | BPF_K, PR_SET_DUMPABLE, 0, 4); /* over what follows */
	one_of(t, 1, &none, 1);
	one_of(t, 0, sets, ask->stage == CALLS_LOADING ? 5 : 2);
}

static void
opens(struct text *t, size_t n, const struct calls_ask *ask)
{
	if (ask->is_reading)
		none_of(t, n, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC);
	else
		allow(t);
}

static void
add_rule(struct text *t, enum rule rule, const struct calls_ask *ask)
{
	static const uint32_t unix_only = AF_UNIX, questions[] = {TCGETS, TIOCGWINSZ, FIONREAD},
			      controls[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
				  F_SETFL, F_GETLK, F_SETLK, F_SETLKW};
	const uint32_t nobody = 0, pid = (uint32_t)ask->pid;

	switch (rule) {
	case FORKS:
		none_of(t, 0, NAMESPACES);
		break;
	case PAIRS:
		one_of(t, 0, &unix_only, 1);
		break;
	case OWN_LIMITS:
		one_of(t, 0, &nobody, 1);
		break;
	case SIGNALS:
		signals(t);
		break;
	case ITSELF:
		one_of(t, 0, &pid, 1);
		break;
	case CONTROLS:
		one_of(t, 1, controls, sizeof(controls) / sizeof(controls[0]));
		break;
	case ASKS:
		one_of(t, 1, questions, sizeof(questions) / sizeof(questions[0]));
		break;
	case MAPS:
		if (ask->stage == CALLS_SERVING)
			none_of(t, 2, PROT_EXEC);
		else
			allow(t);
		break;
	case OPENS:
		opens(t, 1, ask);
		break;
	case OPENS_AT:
		opens(t, 2, ask);
		break;
	case NO_PATH:
		if (ask->are_paths_real)
			no_path(t);
		else
			allow(t);
		break;
	case SETS_ITSELF:
		sets_itself(t, ask);
		break;
	case FREE:
		allow(t);
		break;
	default:
		refuse(t, ENOSYS);
	}
}

/* Is it for this program, at this stage? */
static bool
is_needed(const struct call *call, const struct calls_ask *ask)
{
	return (call->who & 1U << ask->program) != 0 &&
	       (call->what != LOADS || ask->stage == CALLS_LOADING);
}

static bool
is_denied(const struct call *call, const struct calls_ask *ask)
{
	switch ((enum what)call->what) {
	case ANY:
	case LOADS:
		return false;
	case CHANGES:
		return ask->is_reading;
	case META:
		return ask->is_reading || ask->keeps_metadata;
	case PATHS:
	default:
		return ask->is_reading || ask->are_paths_real;
	}
}

/* Equal? Then what follows, which always returns; else over it. */
static void
add_call(struct text *t, const struct call *call, const struct calls_ask *ask)
{
	size_t jump = t->at;

	add(t, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call->number, 0, 0);
	if (is_denied(call, ask))
		refuse(t, EPERM);
	else
		add_rule(t, (enum rule)call->rule, ask);
	if (t->at <= CALLS_FILTER_MAX)
		t->f[jump].jf = (uint8_t)(t->at - jump - 1);
}

size_t
calls_build(struct sock_filter *filter, const struct calls_ask *ask)
{
	struct text t = {.f = filter};

	if (CALLS_ARCH == 0)
		return 0;
	add(&t, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	add(&t, BPF_JMP | BPF_JEQ | BPF_K, CALLS_ARCH, 1, 0);
	add(&t, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	add(&t, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (is_needed(&calls[i], ask))
			add_call(&t, &calls[i], ask);
	refuse(&t, ENOSYS);
	return t.at <= CALLS_FILTER_MAX ? t.at : 0;
}

int
calls_confine(const struct calls_ask *ask)
{
	struct sock_filter filter[CALLS_FILTER_MAX];
	struct sock_fprog program = {.filter = filter};

	program.len = (unsigned short)calls_build(filter, ask);
	if (program.len == 0)
		return -ENOSYS;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return -errno;
	return 0;
}
