/* What the filter names works, anything else ends the process. */
#include "lib/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* System calls by number, so that nothing of libc's or a sanitizer's comes between. */
static void
confine_self(void)
{
	const int calls[] = {SYS_getpid, SYS_write};
	const struct rlimit no_core = {0};

	setrlimit(RLIMIT_CORE, &no_core);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || confine_to_calls(calls, 2) < 0)
		syscall(SYS_exit_group, 99);
}

#if defined(__x86_64__)
/* The number of an allowed call, by the table of 32-bit programs, where it is another. A
 * kernel without that table sends SIGSEGV. */
static void
call_by_32_bits(void)
{
	long number = SYS_getpid;

	__asm__ volatile("int $0x80"
			 : "+a"(number)
			 : "b"(0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
}
#else
static void
call_by_32_bits(void)
{
	syscall(SYS_getuid);
}
#endif

/* The wait status of a child that confines itself and makes the call. */
static int
status_after(long call, long arg)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		confine_self();
		syscall(SYS_getpid);
		syscall(call, arg, 0, 0, 0);
		syscall(SYS_exit_group, 7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
named_calls_work(void **state)
{
	int status = status_after(SYS_write, -1);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void
any_other_kills(void **state)
{
	const long foreign[] = {SYS_socket, SYS_openat, SYS_execve, SYS_clone, SYS_ptrace,
	    SYS_mmap, SYS_getuid, SYS_setuid, SYS_kill};

	(void)state;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		int status = status_after(foreign[i], 0);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static void
the_other_tables_kill_too(void **state)
{
	/* On x86-64 x32's numbers carry bit 30: the same call by another door. */
	int status = status_after(SYS_getpid | 0x40000000, 0);
	pid_t pid;

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		confine_self();
		call_by_32_bits();
		syscall(SYS_exit_group, 7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void
too_many_calls_are_refused(void **state)
{
	int calls[201] = {0};

	(void)state;
	assert_int_equal(confine_to_calls(calls, 201), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(named_calls_work),
	    cmocka_unit_test(any_other_kills),
	    cmocka_unit_test(the_other_tables_kill_too),
	    cmocka_unit_test(too_many_calls_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
