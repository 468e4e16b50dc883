/* The pure parts of the confinement: which calls pass, which rights a folder gives, what is
 * handed to the inner step, the time zone. */
#include "files/calls.h"
#include "files/inner.h"
#include "files/landlock.h"
#include "files/program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

#define ALLOWED SECCOMP_RET_ALLOW
#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)

static uint32_t
word_at(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	assert_true(offset % 4 == 0 && offset + 4 <= sizeof(*data));
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

/* The kernel's interpreter, as far as these filters go. */
static uint32_t
run(const struct sock_filter *f, size_t n, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t at = 0; at < n; at++) {
		bool is_yes;
		switch (f[at].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = word_at(data, f[at].k);
			continue;
		case BPF_RET | BPF_K:
			return f[at].k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			is_yes = a == f[at].k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			is_yes = a > f[at].k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			is_yes = (a & f[at].k) != 0;
			break;
		default:
			fail();
			return 0;
		}
		at += is_yes ? f[at].jt : f[at].jf;
	}
	fail();
	return 0;
}

static uint32_t
judge(const struct calls_ask *ask, long call, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct sock_filter f[CALLS_FILTER_MAX];
	struct seccomp_data data = {.nr = (int)call, .args = {a0, a1, a2}};
	size_t n = calls_build(f, ask);

	assert_true(n > 0 && n <= CALLS_FILTER_MAX);
	/* Its own type of machine, as it stands in the filter. */
	data.arch = f[1].k;
	return run(f, n, &data);
}

static const struct calls_ask
    loading = {.program = CALLS_SFTP, .pid = 77},
    serving = {.program = CALLS_SFTP, .stage = CALLS_SERVING, .pid = 77},
    rsync = {.program = CALLS_RSYNC, .stage = CALLS_SERVING, .pid = 77},
    real = {.program = CALLS_RSYNC, .stage = CALLS_SERVING, .are_paths_real = true, .pid = 77},
    reading = {.program = CALLS_SFTP,
	.stage = CALLS_SERVING,
	.are_paths_real = true,
	.is_reading = true,
	.pid = 77};

static void
test_what_no_transfer_needs_does_not_exist(void **state)
{
	static const long strange[] = {SYS_socket, SYS_connect, SYS_ptrace, SYS_mount,
	    SYS_umount2, SYS_pivot_root, SYS_unshare, SYS_setns, SYS_bpf, SYS_keyctl,
	    SYS_io_uring_setup, SYS_userfaultfd, SYS_open_by_handle_at, SYS_name_to_handle_at,
	    SYS_clone3, SYS_openat2, SYS_open_tree, SYS_move_mount, SYS_fsopen,
	    SYS_mount_setattr, SYS_process_vm_readv, SYS_pidfd_getfd, SYS_pidfd_open,
	    SYS_perf_event_open, SYS_init_module, SYS_execveat, SYS_memfd_create, SYS_mknodat,
	    SYS_setuid, SYS_setresuid, SYS_setgroups, SYS_seccomp, SYS_add_key, SYS_shmget,
	    SYS_sendmsg, SYS_recvmsg, 451, 452, 4095, 0x40000000 | SYS_write};

	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		assert_int_equal(judge(&loading, strange[i], 0, 0, 0), UNKNOWN);
		assert_int_equal(judge(&serving, strange[i], 0, 0, 0), UNKNOWN);
		assert_int_equal(judge(&rsync, strange[i], 0, 0, 0), UNKNOWN);
	}
}

static void
test_other_machines_calls_end_it(void **state)
{
	struct sock_filter f[CALLS_FILTER_MAX];
	struct seccomp_data data = {.nr = SYS_write, .arch = AUDIT_ARCH_I386};
	size_t n = calls_build(f, &serving);

	(void)state;
	assert_int_equal(run(f, n, &data), SECCOMP_RET_KILL_PROCESS);
}

static void
test_what_is_for_loading_alone(void **state)
{
	static const long calls[] = {
	    SYS_execve, SYS_chroot, SYS_capset, SYS_landlock_restrict_self};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		assert_int_equal(judge(&loading, calls[i], 0, 0, 0), ALLOWED);
		assert_int_equal(judge(&serving, calls[i], 0, 0, 0), UNKNOWN);
	}
	assert_int_equal(judge(&loading, SYS_mmap, 0, 0, PROT_READ | PROT_EXEC), ALLOWED);
	assert_int_equal(judge(&serving, SYS_mmap, 0, 0, PROT_READ | PROT_EXEC), REFUSED);
	assert_int_equal(judge(&serving, SYS_mprotect, 0, 0, PROT_EXEC), REFUSED);
	assert_int_equal(judge(&serving, SYS_mmap, 0, 0, PROT_READ | PROT_WRITE), ALLOWED);
	assert_int_equal(judge(&loading, SYS_prctl, PR_SET_SECCOMP, 2, 0), ALLOWED);
	assert_int_equal(judge(&serving, SYS_prctl, PR_SET_SECCOMP, 2, 0), REFUSED);
	assert_int_equal(judge(&serving, SYS_prctl, PR_SET_DUMPABLE, 0, 0), ALLOWED);
	assert_int_equal(judge(&serving, SYS_prctl, PR_SET_DUMPABLE, 1, 0), REFUSED);
	assert_int_equal(judge(&loading, SYS_prctl, PR_SET_DUMPABLE, 1, 0), REFUSED);
	assert_int_equal(judge(&loading, SYS_prctl, PR_CAP_AMBIENT, 4, 0), ALLOWED);
}

static void
test_processes_are_rsyncs_alone(void **state)
{
	const uint64_t fork_flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;

	(void)state;
	assert_int_equal(judge(&serving, SYS_clone, fork_flags, 0, 0), UNKNOWN);
	assert_int_equal(judge(&rsync, SYS_clone, fork_flags, 0, 0), ALLOWED);
	assert_int_equal(judge(&rsync, SYS_clone, fork_flags | CLONE_NEWUSER, 0, 0), REFUSED);
	assert_int_equal(judge(&rsync, SYS_clone, fork_flags | CLONE_NEWNS, 0, 0), REFUSED);
	assert_int_equal(judge(&serving, SYS_kill, 100, SIGUSR1, 0), UNKNOWN);
	assert_int_equal(judge(&rsync, SYS_kill, 100, SIGUSR1, 0), ALLOWED);
	assert_int_equal(judge(&rsync, SYS_kill, 100, SIGKILL, 0), REFUSED);
	assert_int_equal(judge(&rsync, SYS_kill, 0, SIGUSR1, 0), REFUSED);
	assert_int_equal(judge(&rsync, SYS_kill, (uint64_t)-1, SIGUSR1, 0), REFUSED);
	assert_int_equal(judge(&rsync, SYS_kill, (uint32_t)-100, SIGUSR1, 0), REFUSED);
	assert_int_equal(judge(&rsync, SYS_tgkill, 77, 77, SIGABRT), ALLOWED);
	assert_int_equal(judge(&rsync, SYS_tgkill, 78, 78, SIGABRT), REFUSED);
	assert_int_equal(judge(&rsync, SYS_socketpair, AF_UNIX, 0, 0), ALLOWED);
	assert_int_equal(judge(&rsync, SYS_socketpair, AF_NETLINK, 0, 0), REFUSED);
	assert_int_equal(judge(&rsync, SYS_ioctl, 0, TIOCSTI, 0), REFUSED);
	assert_int_equal(judge(&rsync, SYS_prlimit64, 1, 0, 0), REFUSED);
}

/* What Landlock leaves to paths. */
static const long by_path[] = {SYS_fchmodat, SYS_fchownat, SYS_truncate, SYS_setxattr,
    SYS_lsetxattr, SYS_removexattr, SYS_lremovexattr,
#if defined(__x86_64__)
    SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat
#endif
};

static void
test_paths_that_are_real(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(by_path) / sizeof(by_path[0]); i++) {
		assert_int_equal(judge(&rsync, by_path[i], 1, 1, 0), ALLOWED);
		assert_int_equal(judge(&real, by_path[i], 1, 1, 0), REFUSED);
	}
	assert_int_equal(judge(&rsync, SYS_utimensat, 5, 1, 0), ALLOWED);
	assert_int_equal(judge(&real, SYS_utimensat, 5, 0, 0), ALLOWED);
	assert_int_equal(judge(&real, SYS_utimensat, 5, 1, 0), REFUSED);
	assert_int_equal(judge(&real, SYS_utimensat, 5, UINT64_C(1) << 32, 0), REFUSED);
	assert_int_equal(judge(&real, SYS_fchmod, 5, 0600, 0), ALLOWED);
}

/* What is opened in a folder for reading only can't be told from the others. */
static void
test_some_folders_for_reading(void **state)
{
	struct calls_ask mixed = real;

	(void)state;
	mixed.keeps_metadata = true;
	assert_int_equal(judge(&mixed, SYS_fchmod, 5, 0600, 0), REFUSED);
	assert_int_equal(judge(&mixed, SYS_fchown, 5, 1, 1), REFUSED);
	assert_int_equal(judge(&mixed, SYS_utimensat, 5, 0, 0), REFUSED);
	assert_int_equal(judge(&mixed, SYS_fsetxattr, 5, 0, 0), REFUSED);
	assert_int_equal(judge(&mixed, SYS_ftruncate, 5, 0, 0), ALLOWED);
	assert_int_equal(judge(&mixed, SYS_mkdirat, 5, 0, 0), ALLOWED);
}

static void
test_only_reading(void **state)
{
	static const long changes[] = {SYS_mkdirat, SYS_unlinkat, SYS_renameat2, SYS_linkat,
	    SYS_symlinkat, SYS_ftruncate, SYS_truncate, SYS_fchmod, SYS_fchown, SYS_fchmodat,
	    SYS_utimensat};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		assert_int_equal(judge(&reading, changes[i], 1, 0, 0), REFUSED);
	assert_int_equal(judge(&reading, SYS_openat, 0, 1, O_RDONLY), ALLOWED);
	assert_int_equal(judge(&reading, SYS_openat, 0, 1, O_RDONLY | O_TRUNC), REFUSED);
	assert_int_equal(judge(&reading, SYS_openat, 0, 1, O_WRONLY), REFUSED);
	assert_int_equal(judge(&reading, SYS_openat, 0, 1, O_RDWR | O_CREAT), REFUSED);
	assert_int_equal(judge(&reading, SYS_read, 0, 1, 1), ALLOWED);
}

static void
test_rights_by_abi(void **state)
{
	(void)state;
	assert_int_equal(landlock_rights(LANDLOCK_NOTHING, false, 7), 0);
	assert_int_equal(landlock_rights(99, false, 7), 0);
	assert_int_equal(landlock_rights(LANDLOCK_LIBRARY, false, 7), 1 << 2);
	assert_int_equal(landlock_rights(LANDLOCK_READABLE, false, 7), 1 << 2 | 1 << 3);
	assert_int_equal(landlock_rights(LANDLOCK_READABLE, true, 7), 1 << 2);
	/* REFER from 2, TRUNCATE from 3; no devices, sockets, pipes; nothing is executed. */
	assert_int_equal(landlock_rights(LANDLOCK_WRITABLE, false, 1), 0x11be);
	assert_int_equal(landlock_rights(LANDLOCK_WRITABLE, false, 2), 0x31be);
	assert_int_equal(landlock_rights(LANDLOCK_WRITABLE, false, 3), 0x71be);
	assert_int_equal(landlock_rights(LANDLOCK_WRITABLE, false, 7), 0x71be);
}

static void
test_handing_over(void **state)
{
	struct inner in = {
	    .calls = {.program = CALLS_RSYNC, .are_paths_real = true, .keeps_metadata = true},
	    .has_rules = true,
	    .uid = 1001,
	    .gid = 1002,
	    .user = "anne",
	    .group = "the people"};
	struct inner out;
	char text[INNER_TEXT_MAX];

	(void)state;
	assert_true(inner_pack(&in, text));
	assert_string_equal(text, "2:1:0:1:1:1001:1002:anne:the people:");
	assert_true(inner_parse(text, &out));
	assert_int_equal(out.calls.program, CALLS_RSYNC);
	assert_true(out.calls.are_paths_real && out.calls.keeps_metadata && out.has_rules &&
		    !out.calls.is_reading);
	assert_int_equal(out.uid, 1001);
	assert_int_equal(out.gid, 1002);
	assert_string_equal(out.user, "anne");
	assert_string_equal(out.group, "the people");
	memcpy(in.user, "an:ne", 6);
	assert_false(inner_pack(&in, text));
	in.user[0] = '\0';
	assert_false(inner_pack(&in, text));
}

static void
test_handed_over_wrongly(void **state)
{
	static char too_long[INNER_TEXT_MAX] = "2:1:0:0:1:1001:1002:";
	static const char *const wrong[] = {"", ":", "2:1:0:0:1:1001:1002:anne",
	    "2:1:0:0:1:1001:1002:anne:", "2:1:0:0:1:1001:1002::x:",
	    "3:1:0:0:1:1001:1002:anne:x:", "2:2:0:0:1:1001:1002:anne:x:",
	    "2:1:0:0:1:-1:1002:anne:x:", "2:1:0:0:1:1001:1002:anne:x:y",
	    "2:1:0:0:1:4294967295:1002:anne:x:", " 2:1:0:0:1:1001:1002:anne:x:", too_long};
	struct inner out;

	(void)state;
	memset(too_long + sizeof("2:1:0:0:1:1001:1002:") - 1, 'a', INNER_NAME_MAX);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(inner_parse(wrong[i], &out));
}

static void
expect_zone(const char *bytes, size_t len, const char *zone)
{
	char text[32];

	program_zone(bytes, len, text, sizeof(text));
	assert_string_equal(text, zone);
}

static void
test_zone(void **state)
{
	static const char berlin[] = "TZif2\0\0\0x\nCET-1CEST,M3.5.0,M10.5.0/3\n";
	static const char odd[] = "TZif2\n\1\2\n", cut[] = "TZif2\nUTC0", empty[] = "TZif2\n\n";

	(void)state;
	expect_zone(berlin, sizeof(berlin) - 1, "TZ=CET-1CEST,M3.5.0,M10.5.0/3");
	expect_zone(odd, sizeof(odd) - 1, "TZ=UTC0");
	expect_zone(cut, sizeof(cut) - 1, "TZ=UTC0");
	expect_zone(empty, sizeof(empty) - 1, "TZ=UTC0");
	expect_zone("", 0, "TZ=UTC0");
	expect_zone("\n", 1, "TZ=UTC0");
	expect_zone("TZif\n0123456789012345678901234567890123456789\n", 46, "TZ=UTC0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_no_transfer_needs_does_not_exist),
	    cmocka_unit_test(test_other_machines_calls_end_it),
	    cmocka_unit_test(test_what_is_for_loading_alone),
	    cmocka_unit_test(test_processes_are_rsyncs_alone),
	    cmocka_unit_test(test_paths_that_are_real),
	    cmocka_unit_test(test_some_folders_for_reading),
	    cmocka_unit_test(test_only_reading),
	    cmocka_unit_test(test_rights_by_abi),
	    cmocka_unit_test(test_handing_over),
	    cmocka_unit_test(test_handed_over_wrongly),
	    cmocka_unit_test(test_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
