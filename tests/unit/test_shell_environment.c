/* The environment's list: names, forms, bounds. */
#include "shell/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct environment e;

static const struct environment_user anne = {
    .name = "anne", .home = "/home/anne", .shell = "/bin/bash", .uid = 1001};

/* The value that name has after a build from the one entry; NULL: none. */
static const char *
after(const char *entry, const char *name)
{
	char *old[] = {(char *)(uintptr_t)entry, NULL};
	size_t len = strlen(name);

	environment_build(&e, old, &anne);
	for (size_t i = 0; e.list[i] != NULL; i++)
		if (strncmp(e.list[i], name, len) == 0 && e.list[i][len] == '=')
			return e.list[i] + len + 1;
	return NULL;
}

static void
ours(void **state)
{
	char *none[] = {NULL};

	(void)state;
	environment_build(&e, none, &anne);
	assert_int_equal(e.count, 5);
	assert_string_equal(e.list[0], "USER=anne");
	assert_string_equal(e.list[1], "LOGNAME=anne");
	assert_string_equal(e.list[2], "HOME=/home/anne");
	assert_string_equal(e.list[3], "SHELL=/bin/bash");
	assert_int_equal(strncmp(e.list[4], "PATH=/usr/local/bin:", 20), 0);
	assert_null(e.list[5]);
	assert_string_equal(after("HOME=/tmp", "HOME"), "/home/anne");
	assert_string_equal(after("PATH=/tmp", "PATH")[0] == '/' ? "ours" : "", "ours");
	assert_int_equal(e.count, 5);
}

static void
what_passes(void **state)
{
	(void)state;
	assert_string_equal(after("TERM=xterm-256color", "TERM"), "xterm-256color");
	assert_string_equal(after("LANG=de_DE.UTF-8@euro", "LANG"), "de_DE.UTF-8@euro");
	assert_string_equal(after("LC_ALL=C.UTF-8", "LC_ALL"), "C.UTF-8");
	assert_string_equal(
	    after("SSH_CONNECTION=fe80::1%eth0 1 10.0.0.1 22", "SSH_CONNECTION"),
	    "fe80::1%eth0 1 10.0.0.1 22");
	assert_string_equal(after("SSH_TTY=/dev/pts/12", "SSH_TTY"), "/dev/pts/12");
	assert_string_equal(after("XDG_SESSION_ID=c12", "XDG_SESSION_ID"), "c12");
	assert_string_equal(
	    after("XDG_RUNTIME_DIR=/run/user/1001", "XDG_RUNTIME_DIR"), "/run/user/1001");
	assert_string_equal(after("DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1001/bus",
				"DBUS_SESSION_BUS_ADDRESS"),
	    "unix:path=/run/user/1001/bus");
	assert_string_equal(
	    after("SSH_AUTH_SOCK=/tmp/ssh-XXXXabcd12/agent.4711", "SSH_AUTH_SOCK"),
	    "/tmp/ssh-XXXXabcd12/agent.4711");
	assert_string_equal(
	    after("SSH_AUTH_SOCK=/home/anne/.ssh/agent/s.aB3.sshd.x9", "SSH_AUTH_SOCK"),
	    "/home/anne/.ssh/agent/s.aB3.sshd.x9");
}

static void
what_does_not(void **state)
{
	static const char *const entries[] = {"LD_PRELOAD=/tmp/x", "BASH_ENV=/x", "ENV=/x",
	    "IFS=x", "TZ=UTC", "LOCPATH=/x", "LC_HACK=C", "LC_=C", "TERM=../x", "TERM=/x",
	    "TERM=", "TERM=.x", "TERM=x\033[0m", "TERM=a b", "LANG=../../tmp/x", "LANG=/tmp/x",
	    "LANG=%n%s\n", "LC_ALL=.", "LANG=", "SSH_TTY=/dev/pts/", "SSH_TTY=/dev/tty",
	    "SSH_TTY=/dev/pts/1/../../x", "SSH_CONNECTION=$(id)", "SSH_CONNECTION=a\nb",
	    "SSH_AUTH_SOCK=/tmp/x", "SSH_AUTH_SOCK=/tmp/ssh-/agent.1",
	    "SSH_AUTH_SOCK=/tmp/ssh-a/agent.", "SSH_AUTH_SOCK=/tmp/ssh-a/../x/agent.1",
	    "SSH_AUTH_SOCK=/tmp/ssh-a/agent.1/x",
	    "SSH_AUTH_SOCK=/tmp/ssh-abcdefghijklmnopq/agent.1", "SSH_AUTH_SOCK=/tmp/ssh-a",
	    "SSH_AUTH_SOCK=/home/maggie/.ssh/agent/s.a",
	    "SSH_AUTH_SOCK=/home/anne/.ssh/agent/s.a/b",
	    "SSH_AUTH_SOCK=/home/anne/.ssh/agent/s.", "SSH_ORIGINAL_COMMAND=id",
	    "XDG_RUNTIME_DIR=/run/user/1002", "XDG_RUNTIME_DIR=/run/user/1001/..",
	    "XDG_SESSION_ID=../x", "DBUS_SESSION_BUS_ADDRESS=unixexec:path=/bin/id", "TERM",
	    "=x", "", "DISPLAY=:0", "()=x", "PYTHONPATH=/x", "PERL5LIB=/x", "MALLOC_CHECK_=3"};

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		char *old[] = {(char *)(uintptr_t)entries[i], NULL};
		environment_build(&e, old, &anne);
		if (e.count != 5)
			fail_msg("'%s' passed", entries[i]);
	}
}

static void
bounds(void **state)
{
	static char big[32768], text[300][16];
	static char *many[302];
	struct environment_user odd = anne;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	memcpy(big, "LANG=", 5);
	assert_null(after(big, "LANG"));
	for (size_t i = 0; i < 300; i++) {
		snprintf(text[i], sizeof(text[i]), "LANG=C%zu", i);
		many[i] = text[i];
	}
	environment_build(&e, many, &anne);
	assert_int_equal(e.count, 6); /* the first, as getenv would find it */
	assert_string_equal(e.list[5], "LANG=C0");
	odd.home = big;
	environment_build(&e, many, &odd);
	assert_int_equal(e.count, 5); /* rather no HOME than half of it */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ours),
	    cmocka_unit_test(what_passes),
	    cmocka_unit_test(what_does_not),
	    cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
