/* Import: all or nothing, every wrong line named, nothing secret in the report. */
#include "tests/support/ring.h"
#include "tests/support/tamper.h"
#include "verify/keyimport.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#define UID         "0102030405ff"
#define AES(n)      "000102030405060708090a0b0c0d0e" n
#define LINE(id, n) "1," id "," UID "," AES(n) ",,2026-11-21T01:32:57,\n"

static struct bench bench;
static struct keyimport import;

static int
set_up(void **state)
{
	(void)state;
	return bench_new(&bench);
}

static int
tear_down(void **state)
{
	(void)state;
	bench_free(&bench);
	return 0;
}

static void
run(const char *text, bool is_dry, unsigned int status)
{
	assert_int_equal(keyimport_run(bench.ring, text, strlen(text), is_dry, &import), 0);
	assert_int_equal(import.status, status);
	assert_int_equal(strlen(import.report), import.len);
	assert_null(strstr(import.report, UID));
	assert_null(strstr(import.report, "00010203"));
}

static bool
has(const char *id)
{
	struct row row;
	int err = keyring_find(bench.ring, id, &row);

	if (err == 0)
		assert_int_equal(row.counter, 0);
	assert_true(err == 0 || err == -ENOENT);
	return err == 0;
}

static void
good_lines_become_keys(void **state)
{
	struct crypt_key key;
	struct row row;

	(void)state;
	run(LINE("vvcc", "01") "\r\n" LINE("vvcb", "02"), false, 0);
	assert_string_equal(import.report, "2 keys imported\n");
	assert_true(has("vvcc") && has("vvcb"));
	assert_int_equal(keyring_find(bench.ring, "vvcb", &row), 0);
	assert_string_equal(row.note, "serial 1");
	assert_int_equal(row.state, ROW_ACTIVE);
	assert_true(row.created > 1700000000);
	assert_int_equal(keyring_unlock(bench.ring, &row, &key), 0);
	assert_int_equal(key.aes[15], 2);
	assert_int_equal(key.uid[5], 0xff);
	run("# ykksm 1\n# serial,…\n" LINE("vvcd", "03") "# the end\n", false, 0);
	assert_string_equal(import.report, "1 key imported\n");
	assert_true(has("vvcd"));
}

static void
one_wrong_line_spoils_all(void **state)
{
	(void)state;
	run(LINE("vvcc", "01") "nonsense\n" LINE("vvcb", "02") "1,vvcx,,,,,\n", false, 1);
	assert_non_null(strstr(import.report, "line 2: fewer than 7 fields\n"));
	assert_non_null(strstr(import.report, "line 4: "));
	assert_non_null(strstr(import.report, "nothing imported: 2 wrong lines\n"));
	assert_false(has("vvcc") || has("vvcb"));
}

static void
a_dry_run_writes_nothing(void **state)
{
	(void)state;
	run(LINE("vvcc", "01"), true, 0);
	assert_string_equal(import.report, "1 key would be imported (dry run)\n");
	assert_false(has("vvcc"));
	run(LINE("vvcc", "01") LINE("vvcc", "02"), true, 1);
	assert_non_null(strstr(import.report, "line 2: key vvcc is on line 1 already\n"));
}

static void
known_keys_are_never_touched(void **state)
{
	struct row row;

	(void)state;
	run(LINE("vvcc", "01"), false, 0);
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(keyring_spend(bench.ring, &row, 77), 0);
	assert_int_equal(keyring_set_state(bench.ring, &row, ROW_DELETED), 0);
	assert_int_equal(keyring_commit(bench.ring), 0);
	run(LINE("vvcc", "02"), false, 1);
	assert_non_null(strstr(import.report, "line 1: key vvcc is in the store already"));
	run(LINE("vvcc", "01"), false, 1);
	run(LINE("VVCC", "03"), false, 1);
	run(LINE("vvcb", "01"), false, 1); /* the deleted key's secret under a new name */
	assert_non_null(strstr(import.report, "line 1: the AES key is that of another"));
	run(LINE("vvcd", "05") LINE("vvce", "05"), false, 1);
	assert_non_null(strstr(import.report, "line 2: the AES key is that of another"));
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(row.counter, 77);
	assert_int_equal(row.state, ROW_DELETED);
}

static void
what_is_no_key_file_is_told(void **state)
{
	(void)state;
	run("", false, 1);
	assert_string_equal(import.report, "nothing imported: there is no key in it\n");
	run("# ykksm 1\n", false, 1);
	run("-----BEGIN PGP MESSAGE-----\n", false, 1);
	assert_non_null(strstr(import.report, "OpenPGP"));
	run("1,,," AES("01") ",,2026-11-21,\n" LINE("vvcc", "02"), false, 0);
	assert_non_null(strstr(import.report, "line 1: not a YubiKey OTP slot: left out\n"));
	assert_true(has("vvcc"));
	assert_int_equal(keyimport_run(bench.ring, "1,vvcb,\0", 8, false, &import), 0);
	assert_int_equal(import.status, 1);
}

static void
the_report_is_bounded(void **state)
{
	const size_t lines = KEYIMPORT_LINES_MAX;
	char *text = malloc(2 * lines + 3);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < lines; i++)
		memcpy(text + 2 * i, "x\n", 2);
	text[2 * lines] = '\0';
	run(text, false, 1);
	assert_in_range(import.len, 50000, KEYIMPORT_REPORT_MAX - 1);
	assert_non_null(strstr(import.report, "more lines like these\n"
					      "nothing imported: 100000 wrong lines\n"));
	memcpy(text + 2 * lines, "x", 2); /* one line too many */
	run(text, false, 1);
	assert_string_equal(import.report, "nothing imported: more than 100000 lines\n");
	free(text);
}

static void
a_broken_store_takes_none(void **state)
{
	(void)state;
	assert_int_equal(bench_tamper(&bench, "UPDATE meta SET epoch = 2"), 0);
	run(LINE("vvcc", "01"), false, 1);
	assert_non_null(strstr(import.report, "the store is broken"));
	assert_false(has("vvcc"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(good_lines_become_keys),
	    TEST(one_wrong_line_spoils_all),
	    TEST(a_dry_run_writes_nothing),
	    TEST(known_keys_are_never_touched),
	    TEST(what_is_no_key_file_is_told),
	    TEST(the_report_is_bounded),
	    TEST(a_broken_store_takes_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
