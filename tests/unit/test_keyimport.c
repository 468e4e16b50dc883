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
run_len(const char *text, size_t len, bool is_dry)
{
	int err = keyimport_begin(&import, bench.ring, text, len, is_dry);

	while (err == -EAGAIN)
		err = keyimport_step(&import);
	assert_int_equal(err, 0);
	keyimport_end(&import);
}

static void
run(const char *text, bool is_dry, unsigned int status)
{
	run_len(text, strlen(text), is_dry);
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
	assert_string_equal(
	    import.report, "vvcc  serial 1\n1 key would be imported (dry run)\n");
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
	assert_non_null(strstr(
	    import.report, "line 1: key vvcc is in the store already, with another secret"));
	run(LINE("vvcc", "01"), false, 1);
	assert_non_null(strstr(import.report, "and deleted: left so"));
	run(LINE("VVCC", "03"), false, 1);
	run(LINE("vvcb", "01"), false, 1); /* the deleted key's secret under a new name */
	assert_non_null(
	    strstr(import.report, "line 1: the AES key of vvcb is that of vvcc in the store"));
	run(LINE("vvcd", "05") LINE("vvce", "05"), false, 1);
	assert_non_null(
	    strstr(import.report, "line 2: the AES key of vvce is that of vvcd on line 1"));
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(row.counter, 77);
	assert_int_equal(row.state, ROW_DELETED);
}

static void
what_is_no_key_file_is_told(void **state)
{
	(void)state;
	run("", false, 1);
	assert_string_equal(import.report, "nothing imported: there is no key to take in it\n");
	run("# ykksm 1\n", false, 1);
	run("-----BEGIN PGP MESSAGE-----\n", false, 1);
	assert_non_null(strstr(import.report, "OpenPGP"));
	run("1,,," AES("01") ",,2026-11-21,\n" LINE("vvcc", "02"), false, 0);
	assert_non_null(strstr(import.report, "line 1: not a YubiKey OTP slot: left out\n"));
	assert_true(has("vvcc"));
	run_len("1,vvcb,\0", 8, false);
	assert_int_equal(import.status, 1);
	run_len(NULL, 0, false);
	assert_int_equal(import.status, 1);
}

/* ykman appends to its file: what was imported before is passed over. */
static void
a_file_that_has_grown_is_taken_again(void **state)
{
	struct row row;

	(void)state;
	run(LINE("vvcc", "01"), false, 0);
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(keyring_spend(bench.ring, &row, 77), 0);
	assert_int_equal(keyring_commit(bench.ring), 0);
	run(LINE("vvcc", "01") LINE("vvcb", "02"), false, 0);
	assert_string_equal(import.report, "1 key imported\n1 known already: left as it is\n");
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(row.counter, 77);
	run(LINE("vvcc", "01") LINE("vvcb", "02"), false, 0);
	assert_string_equal(import.report, "2 known already: left as they are\n");
}

#define COUNTER(active, id, use, session)                                                      \
	active ",1383728711,1383728712," id "," use "," session ",100,2,abcdef,\n"

static void
counters_only_rise(void **state)
{
	struct row row;

	(void)state;
	run(LINE("vvcc", "01") LINE("vvcb", "02"), false, 0);
	run(COUNTER("1", "vvcc", "3", "4") COUNTER("0", "vvcb", "-1", "-1")
		COUNTER("1", "vvvv", "1", "1"),
	    false, 0);
	assert_non_null(strstr(import.report, "line 3: key vvvv is not in the store"));
	assert_non_null(strstr(import.report, "2 counters raised\n"));
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(row.counter, 3 << 8 | 4);
	assert_int_equal(row.state, ROW_ACTIVE);
	assert_int_equal(keyring_find(bench.ring, "vvcb", &row), 0);
	assert_int_equal(row.state, ROW_DISABLED);
	assert_int_equal(keyring_store_seq(bench.ring), 0); /* no OTP was seen */
	run(COUNTER("1", "vvcc", "3", "3") COUNTER("1", "vvcb", "1", "0"), true, 0);
	assert_string_equal(import.report, "1 counter would be raised (dry run)\n"
					   "1 known already: left as it is\n");
	run(COUNTER("1", "vvcc", "3", "3") COUNTER("1", "vvcb", "1", "0"), false, 0);
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(row.counter, 3 << 8 | 4);
	assert_int_equal(keyring_find(bench.ring, "vvcb", &row), 0);
	assert_int_equal(row.state, ROW_DISABLED); /* never switched on by a list */
	run(COUNTER("1", "vvcc", "9", "x"), false, 1);
}

/* An end between two slices: the same import takes the rest. */
static void
an_import_that_broke_off_is_taken_up(void **state)
{
	char text[400 * 80] = "";
	size_t len = 0;
	int err;

	(void)state;
	for (unsigned int i = 0; i < 300; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%u,vvcc%c%c,%s,%032x,,d,\n", i + 1, "cbdefghijklnrtuv"[i / 16 % 16],
		    "cbdefghijklnrtuv"[i % 16], UID, i + 1);
	/* 300 ids of 256: the last 44 are there already */
	run(text, false, 1);
	assert_non_null(strstr(import.report, "line 257: key vvcccc is on line 1 already"));
	len = (size_t)(strstr(text, "\n257,") + 1 - text);
	err = keyimport_begin(&import, bench.ring, text, len, false);
	while (err == -EAGAIN && !has("vvcccc"))
		err = keyimport_step(&import);
	assert_int_equal(err, -EAGAIN);
	keyimport_end(&import);
	run_len(text, len, false);
	assert_int_equal(import.status, 0);
	assert_int_equal(import.keys + import.known, 256);
	assert_in_range(import.known, 1, 255);
	assert_true(has("vvccvv"));
}

static void
the_report_is_bounded(void **state)
{
	const size_t lines = 100000;
	char *text = malloc(2 * lines + 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < lines; i++)
		memcpy(text + 2 * i, "x\n", 2);
	text[2 * lines] = '\0';
	run(text, false, 1);
	assert_in_range(import.len, 50000, KEYIMPORT_REPORT_MAX - 1);
	assert_non_null(strstr(import.report, "more lines like these\n"
					      "nothing imported: 100000 wrong lines\n"));
	free(text);
}

static void
the_number_of_keys_is_bounded(void **state)
{
	const size_t keys = KEYIMPORT_KEYS_MAX + 2, size = 80;
	char *text = malloc(keys * size), id[11];
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < keys; i++) {
		for (size_t j = 0; j < 10; j++)
			id[j] = "cbdefghijklnrtuv"[j < 4 ? 15 : i >> (4 * (9 - j)) & 15];
		id[10] = '\0';
		len +=
		    (size_t)snprintf(text + len, size, "1,%s,%s,%032zx,,d,\n", id, UID, i + 1);
	}
	run(text, true, 1);
	assert_non_null(strstr(import.report, "line 100001: more than 100000 keys\n"));
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
	    TEST(a_file_that_has_grown_is_taken_again),
	    TEST(counters_only_rise),
	    TEST(an_import_that_broke_off_is_taken_up),
	    TEST(the_report_is_bounded),
	    TEST(the_number_of_keys_is_bounded),
	    TEST(a_broken_store_takes_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
