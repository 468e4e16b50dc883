/* Builds the classic BPF program that seccomp(2) takes. By hand and not with
 * libseccomp, because the relay links libc alone. */
#include "lib/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define CALLS_MAX 200

#if defined(__x86_64__)
#define CONFINE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CONFINE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define CONFINE_ARCH AUDIT_ARCH_RISCV64
#else
#define CONFINE_ARCH 0
#endif

/* What any program needs to end, to return from a signal and to tell the time. */
static const int always[] = {
    SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall, SYS_clock_gettime};

static size_t
add(struct sock_filter *f, size_t at, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	f[at] = (struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
	return at + 1;
}

/* Each call: equal? then the ALLOW that follows it, else over it. */
static size_t
allow_call(struct sock_filter *f, size_t at, int call)
{
	at = add(f, at, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
	return add(f, at, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

int
confine_to_calls(const int *calls, size_t n)
{
	struct sock_filter f[2 * (CALLS_MAX + sizeof(always) / sizeof(always[0])) + 8];
	struct sock_fprog program = {.filter = f};
	size_t at = 0;

	if (n > CALLS_MAX)
		return -EINVAL;
	if (CONFINE_ARCH == 0)
		return -ENOSYS;
	at = add(f, at, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	at = add(f, at, BPF_JMP | BPF_JEQ | BPF_K, CONFINE_ARCH, 1, 0);
	at = add(f, at, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	at = add(f, at, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		at = allow_call(f, at, always[i]);
	for (size_t i = 0; i < n; i++)
		at = allow_call(f, at, calls[i]);
	at = add(f, at, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	program.len = (unsigned short)at;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return -errno;
	return 0;
}
