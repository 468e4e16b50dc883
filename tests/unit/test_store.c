/* The store's versions, claims, and keys that a validation service knows. */
#include "tests/support/ring.h"
#include "verify/keyring_key.h"
#include "verify/store_claim.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#define LOCAL "vvccccccccbd"
#define API   "ccccccbcgujh"

static struct bench bench;
static struct softkey key;

static int
set_up(void **state)
{
	struct crypt_key secret;
	int err = bench_new(&bench);

	(void)state;
	key = (struct softkey){.id = LOCAL, .uid = {1, 2}, .aes = {9, 8}, .use = 5};
	memcpy(secret.uid, key.uid, sizeof(secret.uid));
	memcpy(secret.aes, key.aes, sizeof(secret.aes));
	if (err == 0)
		err = keyring_begin(bench.ring);
	if (err == 0)
		err = keyring_add(bench.ring, LOCAL, &secret, "", 1);
	if (err == 0)
		err = keyring_add_api(bench.ring, API, "factory", 2);
	return err == 0 ? keyring_commit(bench.ring) : err;
}

static int
tear_down(void **state)
{
	(void)state;
	bench_free(&bench);
	return 0;
}

static sqlite3 *
open_behind(void)
{
	char path[64];
	sqlite3 *db = NULL;

	bench_shut(&bench);
	snprintf(path, sizeof(path), "%s/keys.db", bench.dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

static void
change(const char *sql)
{
	sqlite3 *db = open_behind();

	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static int
count(const char *sql)
{
	sqlite3_stmt *stmt;
	sqlite3 *db = open_behind();
	int n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

/* A key of the user's. */
static struct attempt_result
judge(const char *id, const char *users_id)
{
	static struct attempt attempt;
	struct attempt_result r;
	char text[SOFTKEY_OTP_MAX + 1];

	snprintf(key.id, sizeof(key.id), "%s", id);
	softkey_otp(&key, text);
	attempt = (struct attempt){.text = text, .len = strlen(text), .nids = 1};
	snprintf(attempt.ids[0], sizeof(attempt.ids[0]), "%s", users_id);
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(attempt_judge(bench.ring, &attempt, &r), 0);
	assert_int_equal(keyring_commit(bench.ring), 0);
	return r;
}

static struct attempt_result
confirm(const char *id, uint32_t counter)
{
	struct attempt_api api = {.counter = counter};
	struct attempt_result r;

	snprintf(api.id, sizeof(api.id), "%s", id);
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(attempt_confirm(bench.ring, &api, &r), 0);
	assert_int_equal(keyring_commit(bench.ring), 0);
	return r;
}

static void
the_first_version_is_brought_up_to_date(void **state)
{
	struct row row;

	(void)state;
	assert_int_equal(judge(LOCAL, LOCAL).found, PROTO_OTP_OK);
	change("DELETE FROM key WHERE kind = 2; ALTER TABLE key DROP COLUMN kind;"
	       "DROP TABLE claim; DROP TABLE code; PRAGMA user_version = 1");
	assert_int_equal(bench_open(&bench), 0);
	assert_true(keyring_is_sound(bench.ring));
	assert_int_equal(keyring_store_seq(bench.ring), 1);
	assert_int_equal(keyring_find(bench.ring, LOCAL, &row), 0);
	assert_int_equal(row.kind, ROW_KIND_LOCAL);
	assert_int_equal(judge(LOCAL, LOCAL).found, PROTO_OTP_REPLAYED);
	key.session++;
	assert_int_equal(judge(LOCAL, LOCAL).found, PROTO_OTP_OK);
	assert_int_equal(count("PRAGMA user_version"), 2);
}

/* Broken off in the middle, it is the old version still. */
static void
a_failed_step_changes_nothing(void **state)
{
	(void)state;
	change("ALTER TABLE key DROP COLUMN kind; DROP TABLE claim; PRAGMA user_version = 1");
	assert_int_equal(bench_open(&bench), -EIO); /* the table code is in the way */
	assert_int_equal(count("PRAGMA user_version"), 1);
	assert_int_equal(count("SELECT count(*) FROM pragma_table_info('key')"), 9);
}

static void
versions_of_the_future_are_refused(void **state)
{
	(void)state;
	change("PRAGMA user_version = 3");
	assert_int_equal(bench_open(&bench), -EUCLEAN);
	change("PRAGMA user_version = 0");
	assert_int_equal(bench_open(&bench), -EUCLEAN);
}

static void
an_otp_is_claimed_once(void **state)
{
	struct attempt_result r;
	char text[SOFTKEY_OTP_MAX + 1];

	(void)state;
	r = judge(API, API);
	softkey_otp(&key, text);
	assert_int_equal(r.found, PROTO_OTP_FAILED); /* unless the service says more */
	assert_string_equal(r.ask, text);
	assert_string_equal(r.id, API);
	assert_int_equal(r.store_seq, 1);
	r = judge(API, API);
	assert_int_equal(r.found, PROTO_OTP_REPLAYED);
	assert_string_equal(r.ask, "");
	bench_shut(&bench);
	assert_int_equal(bench_open(&bench), 0);
	assert_int_equal(judge(API, API).found, PROTO_OTP_REPLAYED);
	key.session++;
	assert_string_not_equal(judge(API, API).ask, "");
	assert_int_equal(count("SELECT count(*) FROM claim"), 2);
}

/* Of the helper that talks to the network: it is no answer, and no end of verify. */
static void
a_counter_that_no_key_has_is_no_answer(void **state)
{
	struct row row;

	(void)state;
	assert_int_equal(confirm(API, OTP_COUNTER_MAX + 1).found, PROTO_OTP_FAILED);
	assert_int_equal(confirm(API, UINT32_MAX).found, PROTO_OTP_FAILED);
	assert_int_equal(keyring_find(bench.ring, API, &row), 0);
	assert_int_equal(row.counter, 0);
	assert_int_equal(confirm(API, OTP_COUNTER_MAX).found, PROTO_OTP_OK);
}

static void
only_the_users_own_active_key_is_asked_about(void **state)
{
	struct attempt_result r;
	struct row row;

	(void)state;
	r = judge(API, LOCAL);
	assert_int_equal(r.found, PROTO_OTP_FOREIGN);
	assert_string_equal(r.ask, "");
	r = judge("ccccccbcgujk", "ccccccbcgujk");
	assert_int_equal(r.found, PROTO_OTP_UNKNOWN);
	assert_string_equal(r.ask, "");
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(keyring_find(bench.ring, API, &row), 0);
	assert_int_equal(keyring_set_state(bench.ring, &row, ROW_DISABLED), 0);
	assert_int_equal(keyring_find(bench.ring, LOCAL, &row), 0);
	assert_int_equal(keyring_set_state(bench.ring, &row, ROW_DELETED), 0);
	assert_int_equal(keyring_commit(bench.ring), 0);
	r = judge(API, API);
	assert_int_equal(r.found, PROTO_OTP_DISABLED);
	assert_string_equal(r.ask, "");
	/* A local key that is gone does not fall through. */
	r = judge(LOCAL, LOCAL);
	assert_int_equal(r.found, PROTO_OTP_DISABLED);
	assert_string_equal(r.ask, "");
	assert_int_equal(count("SELECT count(*) FROM claim"), 0);
}

static void
a_kind_cannot_be_changed(void **state)
{
	struct attempt_result r;

	(void)state;
	change("UPDATE key SET kind = 3 - kind");
	assert_int_equal(bench_open(&bench), 0);
	r = judge(LOCAL, LOCAL);
	assert_int_equal(r.found, PROTO_OTP_DISABLED);
	assert_string_equal(r.ask, "");
	assert_int_equal(judge(API, API).found, PROTO_OTP_DISABLED);
	change("UPDATE key SET kind = 0");
	assert_int_equal(bench_open(&bench), 0);
	assert_int_equal(judge(LOCAL, LOCAL).found, PROTO_OTP_DISABLED);
}

static void
the_services_counters_must_grow(void **state)
{
	static const struct {
		uint32_t counter;
		enum proto_otp found;
	} table[] = {
	    {0, PROTO_OTP_OK}, /* none told */
	    {7 << 8 | 1, PROTO_OTP_OK},
	    {7 << 8 | 1, PROTO_OTP_REPLAYED},
	    {6 << 8 | 255, PROTO_OTP_REPLAYED},
	    {0, PROTO_OTP_OK},
	    {7 << 8 | 2, PROTO_OTP_OK},
	    {OTP_COUNTER_MAX, PROTO_OTP_OK},
	    {OTP_COUNTER_MAX, PROTO_OTP_REPLAYED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(confirm(API, table[i].counter).found, table[i].found);
	assert_int_equal(keyring_store_seq(bench.ring), 3);
	/* The service's word counts for its own keys alone. */
	assert_int_equal(confirm(LOCAL, 9 << 8).found, PROTO_OTP_DISABLED);
	assert_int_equal(confirm("vvvv", 9 << 8).found, PROTO_OTP_DISABLED);
}

static void
old_claims_are_forgotten(void **state)
{
	const uint64_t day = 86400, now = 1800000000;
	struct sql *sql = NULL;
	uint8_t hash[CRYPT_MAC] = {0};
	char path[64];

	(void)state;
	bench_shut(&bench);
	snprintf(path, sizeof(path), "%s/keys.db", bench.dir);
	assert_int_equal(sql_open(&sql, path, "1396788313", 100), 0);
	assert_int_equal(sql_begin(sql), 0);
	for (uint32_t i = 0; i < STORE_CLAIM_NEWEST + 300; i++) {
		memcpy(hash, &i, sizeof(i));
		assert_int_equal(
		    store_claim_add(sql, hash, now - (i < 250 ? 91 : 89) * day), 0);
	}
	memset(hash, 0, sizeof(hash));
	assert_int_equal(store_claim_add(sql, hash, now), -EEXIST);
	assert_int_equal(sql_commit(sql), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_claim_prune(sql, now), 0);
	/* Those that are young, or among the newest, are still there. */
	sql_close(sql);
	assert_int_equal(count("SELECT count(*) FROM claim"), STORE_CLAIM_NEWEST + 50);
	assert_int_equal(sql_open(&sql, path, "1396788313", 100), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_claim_prune(sql, now + 1000 * day), 0);
	sql_close(sql);
	assert_int_equal(count("SELECT count(*) FROM claim"), STORE_CLAIM_NEWEST);
}

static int
drop(const char *id, uint64_t now)
{
	int err;

	assert_int_equal(keyring_begin(bench.ring), 0);
	err = keyring_key_drop_api(bench.ring, id, now);
	assert_int_equal(keyring_commit(bench.ring), 0);
	return err;
}

/* An enrolment that came to nothing can be taken back, and nothing else can. */
static void
only_a_new_key_of_the_service_is_taken_back(void **state)
{
	struct row row;

	(void)state;
	assert_int_equal(judge(API, API).found, PROTO_OTP_FAILED); /* to be asked about */
	assert_int_equal(drop(LOCAL, 3), -EPERM);
	assert_int_equal(drop("cccccccccccc", 3), -ENOENT);
	assert_int_equal(drop(API, 1), -EPERM); /* of the future */
	assert_int_equal(drop(API, 2 + KEYRING_TRIAL_S), -EPERM);
	assert_int_equal(keyring_find(bench.ring, API, &row), 0);
	assert_int_equal(keyring_set_state(bench.ring, &row, ROW_DISABLED), 0);
	assert_int_equal(drop(API, 3), -EPERM);
	assert_int_equal(keyring_set_state(bench.ring, &row, ROW_ACTIVE), 0);
	assert_int_equal(drop(API, 1 + KEYRING_TRIAL_S), 0);
	assert_int_equal(keyring_find(bench.ring, API, &row), -ENOENT);
	assert_int_equal(judge(API, API).found, PROTO_OTP_UNKNOWN);
	/* Added again: what was sent once is not sent again. */
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(keyring_add_api(bench.ring, API, "", 4), 0);
	assert_int_equal(keyring_commit(bench.ring), 0);
	assert_int_equal(judge(API, API).found, PROTO_OTP_REPLAYED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_first_version_is_brought_up_to_date),
	    TEST(a_failed_step_changes_nothing),
	    TEST(versions_of_the_future_are_refused),
	    TEST(an_otp_is_claimed_once),
	    TEST(a_counter_that_no_key_has_is_no_answer),
	    TEST(only_the_users_own_active_key_is_asked_about),
	    TEST(a_kind_cannot_be_changed),
	    TEST(the_services_counters_must_grow),
	    TEST(old_claims_are_forgotten),
	    TEST(only_a_new_key_of_the_service_is_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
