/* What sftp-server's log becomes. */
#include "shell/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char told[8192], passed[8192];

static void
tell(void *arg, const char *line, bool is_refused)
{
	size_t used = strlen(told);

	(void)arg;
	snprintf(told + used, sizeof(told) - used, "%s%s|", is_refused ? "!" : "", line);
}

static void
pass(void *arg, const char *bytes, size_t len)
{
	(void)arg;
	strncat(passed, bytes, len);
}

static void
read_log(const char *text, size_t piece)
{
	struct claims claims = {.tell = tell, .pass = pass};
	size_t len = strlen(text);

	told[0] = passed[0] = '\0';
	for (size_t at = 0; at < len; at += piece)
		claims_read(&claims, text + at, len - at < piece ? len - at : piece);
	claims_settle(&claims);
}

static void
what_was_done(void **state)
{
	static const char log[] =
	    "session opened for local user anne from [127.0.0.1]\r\n"
	    "realpath \".\"\r\nlstat name \"/a\"\r\n"
	    "open \"/a\" flags WRITE,CREATE,TRUNCATE mode 0644\r\n"
	    "close \"/a\" bytes read 0 written 5\r\n"
	    "remove name \"/b\"\r\nsent status No such file\r\n"
	    "mkdir name \"/c\" mode 0777\r\n"
	    "rename old \"/a\" new \"/c/a\"\r\n"
	    "open \"/etc/shadow\" flags READ mode 0666\r\nsent status Permission denied\r\n"
	    "sent status End of file\r\n"
	    "session closed for local user anne from [127.0.0.1]\r\n";

	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		read_log(log, piece);
		assert_string_equal(told,
		    "close \"/a\" bytes read 0 written 5|"
		    "!refused (No such file): remove name \"/b\"|"
		    "mkdir name \"/c\" mode 0777|"
		    "rename old \"/a\" new \"/c/a\"|"
		    "!refused (Permission denied): open \"/etc/shadow\" flags READ mode 0666|");
		assert_string_equal(passed, "");
	}
}

static void
what_is_no_log(void **state)
{
	(void)state;
	read_log("error while loading\nclose \"/x\"\n\nodd\r\nclose \"/y\"\r\n", 7);
	assert_string_equal(passed, "error while loading\nclose \"/x\"\n\nodd\r\n");
	assert_string_equal(told, "close \"/y\"|");
}

static void
long_lines(void **state)
{
	static char text[4096];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "open \"", 6);
	memcpy(text + 3000, "\r\nsent status Failure\r\n", 24);
	read_log(text, 100);
	assert_int_equal(strlen(told), CLAIMS_LINE_MAX - 1 + 2);
	assert_memory_equal(told, "!refused (Failure): open \"aaa", 28);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_done),
	    cmocka_unit_test(what_is_no_log),
	    cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
