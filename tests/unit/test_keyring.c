/* The store under the ring: one owner at a time, whole transactions, and files
 * that are not ours. */
#include "tests/support/ring.h"
#include "tests/support/tamper.h"
#include "verify/storedir.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct bench bench;

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

static int
add(const char *id, uint8_t aes)
{
	const struct crypt_key secret = {.uid = {1}, .aes = {aes}};

	return keyring_add(bench.ring, id, &secret, "", 1);
}

static void
add_one(const char *id, uint8_t aes)
{
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(add(id, aes), 0);
	assert_int_equal(keyring_commit(bench.ring), 0);
}

static void
spend(const char *id, uint32_t counter, int expected)
{
	struct row row;

	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(keyring_find(bench.ring, id, &row), 0);
	assert_int_equal(keyring_spend(bench.ring, &row, counter), expected);
	assert_int_equal(keyring_commit(bench.ring), 0);
}

static void
ids_and_secrets_are_taken_once(void **state)
{
	(void)state;
	add_one("vvcc", 1);
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(add("vvcc", 2), -EEXIST);
	assert_int_equal(add("vvcc", 1), -EEXIST);
	assert_int_equal(add("vvcb", 1), -ENOTUNIQ);
	assert_int_equal(add("vvcb", 2), 0); /* the others did not spoil the transaction */
	assert_int_equal(keyring_commit(bench.ring), 0);
}

static void
what_is_rolled_back_never_was(void **state)
{
	struct row row;

	(void)state;
	add_one("vvcc", 1);
	spend("vvcc", 7, 0);
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(add("vvcb", 2), 0);
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(keyring_spend(bench.ring, &row, 9), 0);
	assert_int_equal(keyring_store_seq(bench.ring), 2);
	keyring_rollback(bench.ring);
	assert_int_equal(keyring_store_seq(bench.ring), 1);
	assert_int_equal(keyring_find(bench.ring, "vvcb", &row), -ENOENT);
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(row.counter, 7);
	spend("vvcc", 7, -ESTALE);
	spend("vvcc", 6, -ESTALE);
}

static void
a_stale_copy_of_a_row_cannot_lower_it(void **state)
{
	struct row row, stale;

	(void)state;
	add_one("vvcc", 1);
	assert_int_equal(keyring_find(bench.ring, "vvcc", &stale), 0);
	spend("vvcc", 100, 0);
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(keyring_spend(bench.ring, &stale, 50), -ESTALE);
	assert_int_equal(keyring_commit(bench.ring), 0);
	assert_int_equal(keyring_find(bench.ring, "vvcc", &row), 0);
	assert_int_equal(row.counter, 100);
	assert_int_equal(keyring_store_seq(bench.ring), 1);
}

static void
sequences_survive(void **state)
{
	(void)state;
	add_one("vvcc", 1);
	keyring_tell_audit_seq(bench.ring, 500);
	spend("vvcc", 1, 0);
	keyring_tell_audit_seq(bench.ring, 400);
	spend("vvcc", 2, 0);
	keyring_tell_audit_seq(bench.ring, 900); /* nothing spent: nothing written */
	bench_shut(&bench);
	assert_int_equal(bench_open(&bench), 0);
	assert_int_equal(keyring_store_seq(bench.ring), 2);
	assert_int_equal(keyring_audit_seq(bench.ring), 500);
	keyring_tell_audit_seq(bench.ring, UINT64_MAX); /* no number of ours: ignored */
	spend("vvcc", 3, 0);
	assert_int_equal(keyring_audit_seq(bench.ring), 500);
}

static void
only_one_has_it_open(void **state)
{
	struct keyring *other = NULL;

	(void)state;
	assert_int_equal(keyring_open(&other, bench.dir, bench.crypt, 50), -EBUSY);
	assert_null(other);
	bench_shut(&bench);
	assert_int_equal(keyring_open(&other, bench.dir, bench.crypt, 50), 0);
	assert_int_equal(bench_open(&bench), -EBUSY); /* an old store, too */
	keyring_close(other);
}

/* SQLite can be told "exclusive" and share the file all the same. */
static void
no_shared_index_lies_beside_it(void **state)
{
	char path[64];

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/keys.db-shm", bench.dir);
		assert_int_equal(access(path, F_OK), -1);
		snprintf(path, sizeof(path), "%s/keys.db-wal", bench.dir);
		assert_int_equal(access(path, F_OK), 0);
		bench_shut(&bench);
		assert_int_equal(bench_open(&bench), 0);
		add_one(i == 0 ? "vvcc" : "vvcb", (uint8_t)(i + 1));
	}
}

static void
another_key_file_does_not_open_it(void **state)
{
	static const uint8_t kek[CRYPT_KEK] = {8};
	struct crypt *other = NULL;
	struct keyring *ring = NULL;
	struct row row;

	(void)state;
	add_one("vvcc", 1);
	bench_shut(&bench);
	assert_int_equal(crypt_new(&other, kek), 0);
	assert_int_equal(keyring_open(&ring, bench.dir, other, 50), 0);
	assert_false(keyring_is_sound(ring));
	assert_int_equal(keyring_find(ring, "vvcc", &row), -EBADMSG);
	keyring_close(ring);
	crypt_free(other);
}

static void
other_versions_and_damage_are_refused(void **state)
{
	char path[64];
	int fd;

	(void)state;
	assert_int_equal(bench_tamper(&bench, "PRAGMA user_version = 3"), -1);
	assert_null(bench.ring);
	assert_int_equal(bench_open(&bench), -EUCLEAN);
	assert_int_equal(bench_tamper(&bench, "PRAGMA user_version = 2"), -1); /* 0 rows */
	assert_non_null(bench.ring);
	bench_shut(&bench);
	assert_int_equal(bench_tamper(&bench, "PRAGMA application_id = 1"), -1);
	assert_int_equal(bench_open(&bench), -EUCLEAN);
	snprintf(path, sizeof(path), "%s/keys.db", bench.dir);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "not a database, and no longer than this", 39), 39);
	close(fd);
	assert_int_equal(bench_open(&bench), -EUCLEAN);
}

static void
all_rows_are_listed_in_order(void **state)
{
	struct row row = {.id = ""};
	char after[OTP_ID_MAX + 1] = "";
	int n = 0;

	(void)state;
	add_one("vvcd", 1);
	add_one("vvcb", 2);
	add_one("cc", 3);
	assert_int_equal(bench_tamper(&bench, "UPDATE key SET v = 5 WHERE id = 'vvcb'"), 0);
	assert_int_equal(
	    bench_tamper(&bench, "INSERT INTO key VALUES (char(27) || '[2J', 1, 0, 1, 0, '',"
				 " zeroblob(16), zeroblob(50), zeroblob(32), 1)"),
	    0);
	for (int err = 0; err != -ENOENT; n++) {
		static const int expected[] = {0, -EBADMSG, 0, -ENOENT};
		err = keyring_next(bench.ring, after, &row);
		assert_true(n < 4);
		assert_int_equal(err, expected[n]);
		memcpy(after, row.id, sizeof(after));
	}
	assert_int_equal(n, 4);
}

static void
a_long_log_is_copied_away(void **state)
{
	char path[64];
	struct stat st;

	(void)state;
	add_one("vvcc", 1);
	for (uint32_t i = 1; i <= 1500; i++) {
		spend("vvcc", i, 0);
		assert_int_equal(keyring_tidy(bench.ring), 0);
	}
	snprintf(path, sizeof(path), "%s/keys.db-wal", bench.dir);
	assert_int_equal(stat(path, &st), 0);
	/* It stays in the room that was made at the start. */
	assert_int_equal(st.st_size, 1024 * 1024);
	bench_shut(&bench);
	assert_int_equal(bench_open(&bench), 0);
	assert_int_equal(keyring_store_seq(bench.ring), 1500);
}

static void
remote_file_systems_are_known(void **state)
{
	static const unsigned long remote[] = {0x6969, 0xff534d42, 0xfe534d42, 0x65735546};
	static const unsigned long local[] = {0xef53, 0x01021994, 0x58465342, 0x794c7630};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_false(storedir_is_local(remote[i]));
		assert_true(storedir_is_local(local[i]));
	}
	/* f_type is signed: a high bit comes with ones in front */
	assert_false(storedir_is_local((unsigned long)(long)(int)0xff534d42));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(ids_and_secrets_are_taken_once),
	    TEST(what_is_rolled_back_never_was),
	    TEST(a_stale_copy_of_a_row_cannot_lower_it),
	    TEST(sequences_survive),
	    TEST(only_one_has_it_open),
	    TEST(no_shared_index_lies_beside_it),
	    TEST(another_key_file_does_not_open_it),
	    TEST(other_versions_and_damage_are_refused),
	    TEST(all_rows_are_listed_in_order),
	    TEST(a_long_log_is_copied_away),
	    cmocka_unit_test(remote_file_systems_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
