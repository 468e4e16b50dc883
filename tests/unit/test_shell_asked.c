/* What sallyport-shell makes of argv and SSH_ORIGINAL_COMMAND. */
#include "shell/asked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SELF "/usr/bin/sallyport-shell"

static struct asked asked;
static bool is_help;

static enum proto_ask
read_argv(const char *original, const char *a, const char *b, const char *c)
{
	char *argv[] = {(char *)(uintptr_t)a, (char *)(uintptr_t)b, (char *)(uintptr_t)c, NULL};
	int argc = b == NULL ? 1 : c == NULL ? 2 : 3;

	asked_read(&asked, argc, argv, original, &is_help);
	return asked.ask;
}

static enum proto_ask
read_command(const char *command)
{
	return read_argv(NULL, "sallyport-shell", "-c", command);
}

static void
forms_of_argv(void **state)
{
	(void)state;
	assert_int_equal(read_argv(NULL, "-sallyport-shell", NULL, NULL), PROTO_ASK_LOGIN);
	assert_null(asked.command);
	/* As login shell it was not ForceCommand: what the variable says is the user's. */
	assert_int_equal(read_argv("id", "-sallyport-shell", NULL, NULL), PROTO_ASK_LOGIN);
	assert_null(asked.command);
	assert_int_equal(read_argv("id", "sallyport-shell", "-c", "who"), PROTO_ASK_COMMAND);
	assert_string_equal(asked.command, "who");
	assert_int_equal(read_argv(NULL, SELF, NULL, NULL), PROTO_ASK_LOGIN);
	assert_int_equal(read_argv("id -u", SELF, NULL, NULL), PROTO_ASK_COMMAND);
	assert_string_equal(asked.command, "id -u");
	assert_int_equal(
	    read_argv("id", "sallyport-shell", "-c", "exec " SELF), PROTO_ASK_COMMAND);
	assert_string_equal(asked.command, "id");
	assert_int_equal(
	    read_argv(NULL, "sallyport-shell", "-c", "exec " SELF), PROTO_ASK_LOGIN);
	assert_int_equal(read_argv("id", "sallyport-shell", "-c", SELF), PROTO_ASK_COMMAND);
	assert_string_equal(asked.command, "id");
	/* Nearly ForceCommand's text is a command. */
	assert_int_equal(
	    read_argv("id", "sallyport-shell", "-c", "exec " SELF " "), PROTO_ASK_COMMAND);
	assert_string_equal(asked.command, "exec " SELF " ");
	assert_int_equal(read_argv(NULL, SELF, "--help", NULL), PROTO_ASK_NOTHING);
	assert_true(is_help);
	assert_int_equal(read_argv(NULL, SELF, "-i", NULL), PROTO_ASK_NOTHING);
	assert_false(is_help);
	assert_non_null(asked.error);
	assert_int_equal(read_argv(NULL, SELF, "-l", "x"), PROTO_ASK_NOTHING);
	assert_non_null(asked.error);
}

static void
builtins(void **state)
{
	char longer[600];

	(void)state;
	assert_int_equal(read_command("vms"), PROTO_ASK_VMS);
	assert_int_equal(read_command("  vms\t"), PROTO_ASK_VMS);
	assert_string_equal(asked.vm, "");
	assert_int_equal(asked.form, ASKED_TEXT);
	assert_int_equal(read_command("vms x"), PROTO_ASK_VMS);
	assert_string_equal(asked.vm, "x");
	assert_int_equal(read_command("vms x y"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("help"), PROTO_ASK_HELP);
	assert_int_equal(read_command("why"), PROTO_ASK_WHY);
	assert_string_equal(asked.vm, "");
	assert_int_equal(read_command("why webdev"), PROTO_ASK_WHY);
	assert_string_equal(asked.vm, "webdev");
	assert_string_equal(asked.right, "");
	assert_int_equal(read_command("why webdev spice:view"), PROTO_ASK_WHY);
	assert_string_equal(asked.right, "spice:view");
	assert_int_equal(read_command("why a b c"), PROTO_ASK_NOTHING);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer, "why ", 4);
	assert_int_equal(read_command(longer), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("console webdev"), PROTO_ASK_CONSOLE);
	assert_string_equal(asked.vm, "webdev");
	assert_string_equal(asked.right, "");
	assert_int_equal(read_command("console"), PROTO_ASK_NOTHING);
	assert_string_equal(asked.error, "usage: console VM");
	assert_int_equal(read_command("console a b"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("connect webdev ssh"), PROTO_ASK_CONNECT);
	assert_string_equal(asked.vm, "webdev");
	assert_string_equal(asked.right, "ssh");
	assert_int_equal(read_command("connect webdev"), PROTO_ASK_NOTHING);
	assert_string_equal(asked.error, "usage: connect VM RIGHT");
	assert_int_equal(read_command("connect"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("connect a b c"), PROTO_ASK_NOTHING);
	memcpy(longer, "connect a ", 10);
	assert_int_equal(read_command(longer), PROTO_ASK_NOTHING);
	memcpy(longer, "console aa", 10);
	assert_int_equal(read_command(longer), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("connect;id a b"), PROTO_ASK_COMMAND);
	assert_int_equal(read_command("consoles webdev"), PROTO_ASK_COMMAND);
	/* The first word must equal one. */
	assert_int_equal(read_command("vms;id"), PROTO_ASK_COMMAND);
	assert_int_equal(read_command("vmsx"), PROTO_ASK_COMMAND);
	assert_int_equal(read_command("VMS"), PROTO_ASK_COMMAND);
	assert_int_equal(read_command("vms\nid"), PROTO_ASK_COMMAND);
	assert_int_equal(read_command("/vms"), PROTO_ASK_COMMAND);
	assert_int_equal(read_command(""), PROTO_ASK_COMMAND);
	assert_int_equal(read_command(" "), PROTO_ASK_COMMAND);
}

static void
forms(void **state)
{
	(void)state;
	assert_int_equal(read_command("vms --json"), PROTO_ASK_VMS);
	assert_int_equal(asked.form, ASKED_JSON);
	assert_string_equal(asked.vm, "");
	assert_int_equal(read_command("vms --config x"), PROTO_ASK_VMS);
	assert_int_equal(asked.form, ASKED_CONFIG);
	assert_string_equal(asked.vm, "x");
	assert_int_equal(read_command("vms x --vv"), PROTO_ASK_VMS);
	assert_int_equal(asked.form, ASKED_VIEWER);
	assert_int_equal(read_command("why --json"), PROTO_ASK_WHY);
	assert_int_equal(asked.form, ASKED_JSON);
	assert_string_equal(asked.vm, "");
	assert_int_equal(read_command("seat x --json"), PROTO_ASK_SEAT);
	assert_int_equal(asked.form, ASKED_JSON);
	/* A file needs a VM; one form, and only where there is one. */
	assert_int_equal(read_command("vms --vv"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("vms --json --config"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("vms --jso"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("seat x --vv"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("seat --json"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("seat x y"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("why --config"), PROTO_ASK_NOTHING);
	assert_int_equal(read_command("help --json"), PROTO_ASK_NOTHING);
}

static void
transfers(void **state)
{
	(void)state;
	assert_int_equal(read_command("internal-sftp"), PROTO_ASK_TRANSFER);
	assert_int_equal(read_command("internal-sftp -l INFO"), PROTO_ASK_TRANSFER);
	assert_int_equal(read_command("/usr/lib/openssh/sftp-server"), PROTO_ASK_TRANSFER);
	assert_int_equal(read_command("scp -t /tmp"), PROTO_ASK_TRANSFER);
	assert_int_equal(read_command("rsync --server -e.LsfxCIvu . x"), PROTO_ASK_TRANSFER);
	assert_int_equal(read_command("scpx"), PROTO_ASK_COMMAND);
	assert_int_equal(read_command("/scp/x"), PROTO_ASK_COMMAND);
	assert_int_equal(read_command("xscp"), PROTO_ASK_COMMAND);
	assert_true(asked_runs("/a/b/scp -t", "scp"));
	assert_true(asked_runs("//scp", "scp"));
	assert_false(asked_runs("/a/b/scp/ -t", "scp"));
	assert_false(asked_runs("", "scp"));
	assert_false(asked_runs("/", "scp"));
	assert_false(asked_runs("sc", "scp"));
	assert_false(asked_runs("x /scp", "scp"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forms_of_argv),
	    cmocka_unit_test(builtins),
	    cmocka_unit_test(forms),
	    cmocka_unit_test(transfers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
