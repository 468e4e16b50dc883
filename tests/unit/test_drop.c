/* Root, once given up, does not come back: tried in a child, with everything that
 * a broken-into helper would try. Needs root. */
#include "lib/drop.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ACCOUNT "nobody"

/* Runs body in a child; its exit status, or -1 when it was killed. */
static int
in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
way_back(void)
{
	const gid_t groups[] = {0};

	if (setuid(0) == 0 || seteuid(0) == 0 || setreuid(0, 0) == 0 || setresuid(0, 0, 0) == 0)
		return 2;
	if (setgid(0) == 0 || setegid(0) == 0 || setresgid(0, 0, 0) == 0 ||
	    setgroups(1, groups) == 0)
		return 3;
	if (open("/etc/shadow", O_RDONLY | O_CLOEXEC) >= 0)
		return 4;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 5;
	return 0;
}

/* The lines of /proc/self/status say what the kernel believes. */
static int
kernel_agrees(void)
{
	static const char *const want[] = {"CapPrm:\t0000000000000000",
	    "CapEff:\t0000000000000000", "CapAmb:\t0000000000000000", "Groups:\t ",
	    "NoNewPrivs:\t1"};
	char line[256];
	size_t seen = 0;
	FILE *f = fopen("/proc/self/status", "re");

	if (f == NULL)
		return 6;
	while (fgets(line, sizeof(line), f) != NULL)
		for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
			seen += strncmp(line, want[i], strlen(want[i])) == 0;
	fclose(f);
	return seen == sizeof(want) / sizeof(want[0]) ? 0 : 7;
}

static int
drop_and_try(void)
{
	const gid_t groups[] = {0, 4};
	int err;

	if (setgroups(2, groups) < 0 || drop_to_account(ACCOUNT) != 0)
		return 1;
	err = way_back();
	return err != 0 ? err : kernel_agrees();
}

static int
drop_with_capabilities_kept(void)
{
	/* With these bits the kernel leaves the capabilities to a process that
	 * stops being root; the proof must notice. */
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS, 0, 0, 0) < 0)
		return 1;
	return drop_to_account(ACCOUNT) == -EPERM ? 0 : 2;
}

static int
drop_with_permitted_kept(void)
{
	/* None is in effect then, so that no call shows it. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return 1;
	return drop_to_account(ACCOUNT) == -EPERM ? 0 : 2;
}

static int
drop_twice(void)
{
	if (drop_to_account(ACCOUNT) != 0)
		return 1;
	return drop_to_account(ACCOUNT) == -EPERM ? 0 : 2;
}

static void
nothing_leads_back(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_and_try), 0);
}

static void
kept_capabilities_are_noticed(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_with_capabilities_kept), 0);
	assert_int_equal(in_child(drop_with_permitted_kept), 0);
}

static void
without_the_right_it_fails(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_twice), 0);
}

static void
root_and_nobody_known_are_refused(void **state)
{
	(void)state;
	assert_int_equal(drop_to_account("root"), -EPERM);
	assert_int_equal(drop_to_account("_no-such-account"), -ENOENT);
	assert_int_equal(geteuid(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_leads_back),
	    cmocka_unit_test(kept_capabilities_are_noticed),
	    cmocka_unit_test(without_the_right_it_fails),
	    cmocka_unit_test(root_and_nobody_known_are_refused),
	};

	if (geteuid() != 0) {
		puts("needs root: there is nothing to give up");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
