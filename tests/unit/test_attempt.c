/* The decision about an OTP: once, only upwards, only by a row that is whole. */
#include "tests/support/ring.h"
#include "tests/support/tamper.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#define ID "vvccccccccbd"

static struct bench bench;
static struct softkey key;
static uint32_t layouts;

static int
set_up(void **state)
{
	struct crypt_key secret;
	int err = bench_new(&bench);

	(void)state;
	key = (struct softkey){
	    .id = ID, .uid = {1, 2, 3, 4, 5, 6}, .aes = {9, 8, 7}, .use = 5, .session = 3};
	memcpy(secret.uid, key.uid, sizeof(secret.uid));
	memcpy(secret.aes, key.aes, sizeof(secret.aes));
	if (err == 0)
		err = keyring_begin(bench.ring);
	if (err == 0)
		err = keyring_add(bench.ring, ID, &secret, "serial 1", 1234567890);
	return err == 0 ? keyring_commit(bench.ring) : err;
}

static int
tear_down(void **state)
{
	(void)state;
	bench_free(&bench);
	return 0;
}

static struct attempt_result
judge_text(const char *text, const char *users_id)
{
	static struct attempt attempt;
	struct attempt_result r;

	attempt = (struct attempt){.text = text, .len = strlen(text), .layouts = layouts};
	if (users_id != NULL)
		snprintf(attempt.ids[attempt.nids++], sizeof(attempt.ids[0]), "%s", users_id);
	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(attempt_judge(bench.ring, &attempt, &r), 0);
	assert_int_equal(keyring_commit(bench.ring), 0);
	return r;
}

static enum proto_otp
judge(const char *users_id)
{
	char text[SOFTKEY_OTP_MAX + 1];

	softkey_otp(&key, text);
	return judge_text(text, users_id).found;
}

static enum proto_otp
judge_at(unsigned int use, unsigned int session)
{
	key.use = (uint16_t)use;
	key.session = (uint8_t)session;
	return judge(ID);
}

/* The OTP as it arrives on a Dvorak keyboard. */
static void
type_on_dvorak(char text[SOFTKEY_OTP_MAX + 1])
{
	static const char from[] = "cbdefghijklnrtuv", to[] = "jxe.uidchtnbpygk";

	softkey_otp(&key, text);
	for (char *c = text; *c != '\0'; c++)
		*c = to[strchr(from, *c) - from];
}

static void
other_keyboards_come_second(void **state)
{
	char text[SOFTKEY_OTP_MAX + 1];

	(void)state;
	type_on_dvorak(text);
	assert_int_equal(judge_text(text, ID).found, PROTO_OTP_GARBLED);
	layouts = 1u << 0;
	assert_int_equal(judge_text(text, "vvcccccccccc").found, PROTO_OTP_FOREIGN);
	assert_int_equal(judge_text(text, ID).found, PROTO_OTP_REPLAYED);
	key.session++;
	type_on_dvorak(text);
	assert_int_equal(judge_text(text, ID).found, PROTO_OTP_OK);
	/* Modhex letters alone, of a key that nobody has: unknown, not garbled. */
	assert_int_equal(judge_text("bcdeghijknbcdeghijknbcdeghijknbcdeghijkn", ID).found,
	    PROTO_OTP_UNKNOWN);
	/* In letters that modhex and Dvorak share: the user's own reading goes first. */
	key.session++;
	assert_int_equal(judge(ID), PROTO_OTP_OK);
	layouts = 0;
}

static void
an_otp_works_once(void **state)
{
	struct attempt_result r;
	char text[SOFTKEY_OTP_MAX + 1];

	(void)state;
	softkey_otp(&key, text);
	r = judge_text(text, ID);
	assert_int_equal(r.found, PROTO_OTP_OK);
	assert_string_equal(r.id, ID);
	assert_int_equal(r.counter, 5 << 8 | 3);
	assert_int_equal(r.store_seq, 1);
	r = judge_text(text, ID);
	assert_int_equal(r.found, PROTO_OTP_REPLAYED);
	assert_int_equal(r.counter, 5 << 8 | 3);
	assert_int_equal(r.store_seq, 1);
	bench_shut(&bench);
	assert_int_equal(bench_open(&bench), 0);
	assert_int_equal(judge_text(text, ID).found, PROTO_OTP_REPLAYED);
	assert_int_equal(keyring_store_seq(bench.ring), 1);
}

static void
counters_only_rise(void **state)
{
	static const struct {
		unsigned int use, session;
		enum proto_otp found;
	} table[] = {
	    {0, 0, PROTO_OTP_REPLAYED}, /* not above a new key's 0 */
	    {0x8000, 0, PROTO_OTP_REPLAYED},
	    {1, 0, PROTO_OTP_OK},
	    {1, 1, PROTO_OTP_OK},
	    {1, 200, PROTO_OTP_OK}, /* gaps are fine */
	    {1, 199, PROTO_OTP_REPLAYED},
	    {0x8001, 200, PROTO_OTP_REPLAYED}, /* Caps Lock makes no difference */
	    {0x8001, 201, PROTO_OTP_OK},
	    {1, 255, PROTO_OTP_OK},
	    {2, 0, PROTO_OTP_OK},
	    {0x0100, 0, PROTO_OTP_OK},
	    {0x00ff, 255, PROTO_OTP_REPLAYED},
	    {0x7fff, 254, PROTO_OTP_OK},
	    {0x7fff, 255, PROTO_OTP_OK}, /* the key's last */
	    {0x7fff, 255, PROTO_OTP_REPLAYED},
	    {0xffff, 255, PROTO_OTP_REPLAYED},
	    {0x7fff, 0, PROTO_OTP_REPLAYED},
	    {1, 0, PROTO_OTP_REPLAYED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(judge_at(table[i].use, table[i].session), table[i].found);
}

static void
only_the_right_secrets_count(void **state)
{
	struct softkey good = key;

	(void)state;
	key.aes[0] ^= 1;
	assert_int_equal(judge(ID), PROTO_OTP_GARBLED);
	key = good;
	key.uid[5] ^= 1;
	assert_int_equal(judge(ID), PROTO_OTP_GARBLED);
	key = good;
	key.id[11] = 'e';
	assert_int_equal(judge(ID), PROTO_OTP_UNKNOWN);
	key.id[0] = '\0';
	assert_int_equal(judge(ID), PROTO_OTP_UNKNOWN);
	key = good;
	assert_int_equal(judge_text("my login password", ID).found, PROTO_OTP_GARBLED);
	assert_string_equal(judge_text("my login password", ID).id, "");
	assert_int_equal(keyring_store_seq(bench.ring), 0); /* none of them spent it */
	assert_int_equal(judge(ID), PROTO_OTP_OK);
}

static void
another_users_otp_is_spent(void **state)
{
	(void)state;
	assert_int_equal(judge("vvccccccccbe"), PROTO_OTP_FOREIGN);
	assert_int_equal(keyring_store_seq(bench.ring), 1);
	assert_int_equal(judge(ID), PROTO_OTP_REPLAYED);
	softkey_count(&key);
	assert_int_equal(judge(NULL), PROTO_OTP_FOREIGN); /* a user without keys */
	assert_int_equal(judge(NULL), PROTO_OTP_REPLAYED);
}

static void
set_state(enum row_state to)
{
	struct row row;

	assert_int_equal(keyring_begin(bench.ring), 0);
	assert_int_equal(keyring_find(bench.ring, ID, &row), 0);
	assert_int_equal(keyring_set_state(bench.ring, &row, to), 0);
	assert_int_equal(keyring_commit(bench.ring), 0);
}

static void
a_disabled_key_denies_and_spends(void **state)
{
	static const enum row_state off[] = {ROW_DISABLED, ROW_DELETED};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		set_state(off[i]);
		assert_int_equal(judge(ID), PROTO_OTP_DISABLED);
		assert_int_equal(judge(ID), PROTO_OTP_DISABLED);
		key.aes[3] ^= 1;
		assert_int_equal(judge(ID), PROTO_OTP_DISABLED);
		key.aes[3] ^= 1;
		/* Enabled again, what was typed meanwhile stays dead. */
		set_state(ROW_ACTIVE);
		assert_int_equal(judge(ID), PROTO_OTP_REPLAYED);
		softkey_count(&key);
		assert_int_equal(judge(ID), PROTO_OTP_OK);
		softkey_count(&key);
	}
}

static void
a_row_that_was_changed_denies(void **state)
{
	static const char *const changes[] = {
	    "UPDATE key SET state = 1 WHERE state = 2", /* enabled behind our back */
	    "UPDATE key SET v = v - 1",
	    "UPDATE key SET v = 0",
	    "UPDATE key SET v = v + 1",
	    "UPDATE key SET v = -1",
	    "UPDATE key SET v = 8388608",
	    "UPDATE key SET epoch = 2",
	    "UPDATE key SET epoch = 0",
	    "UPDATE key SET created = created + 1",
	    "UPDATE key SET note = 'serial 2'",
	    "UPDATE key SET note = note || char(27)",
	    "UPDATE key SET note = printf('%.*c', 70, 'x')",
	    "UPDATE key SET print = zeroblob(16)",
	    "UPDATE key SET wrapped = zeroblob(50)",
	    "UPDATE key SET wrapped = zeroblob(49)",
	    "UPDATE key SET wrapped = zeroblob(5000)",
	    "UPDATE key SET mac = zeroblob(32)",
	    "UPDATE key SET mac = x''",
	    "UPDATE key SET state = 77",
	    "UPDATE key SET state = 257",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct row row;
		if (i > 0) {
			tear_down(NULL);
			assert_int_equal(set_up(NULL), 0);
		}
		assert_int_equal(judge_at(9, 0), PROTO_OTP_OK);
		if (i == 0)
			set_state(ROW_DISABLED);
		assert_int_equal(bench_tamper(&bench, changes[i]), 0);
		assert_int_equal(judge_at(10, 0), PROTO_OTP_DISABLED);
		assert_int_equal(judge_at(9, 0), PROTO_OTP_DISABLED);
		assert_int_equal(keyring_find(bench.ring, ID, &row), -EBADMSG);
	}
}

static void
a_row_under_another_id_denies(void **state)
{
	(void)state;
	assert_int_equal(bench_tamper(&bench, "UPDATE key SET id = 'vvccccccccbe'"), 0);
	assert_int_equal(judge(ID), PROTO_OTP_UNKNOWN);
	key.id[11] = 'e';
	assert_int_equal(judge("vvccccccccbe"), PROTO_OTP_DISABLED);
}

static void
a_missing_row_denies_and_is_not_made(void **state)
{
	struct row row;

	(void)state;
	assert_int_equal(bench_tamper(&bench, "DELETE FROM key WHERE id = '" ID "'"), 0);
	assert_int_equal(judge(ID), PROTO_OTP_UNKNOWN);
	assert_int_equal(keyring_find(bench.ring, ID, &row), -ENOENT);
}

static void
a_broken_sequence_record_fails_all(void **state)
{
	static const char *const changes[] = {
	    "UPDATE meta SET store_seq = store_seq + 1",
	    "UPDATE meta SET store_seq = 0",
	    "UPDATE meta SET audit_seq = audit_seq + 1",
	    "UPDATE meta SET epoch = 2",
	    "UPDATE meta SET mac = zeroblob(32)",
	    "UPDATE meta SET mac = zeroblob(31)",
	    "DELETE FROM meta WHERE one = 1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (i > 0) {
			tear_down(NULL);
			assert_int_equal(set_up(NULL), 0);
		}
		assert_int_equal(judge(ID), PROTO_OTP_OK);
		assert_true(keyring_is_sound(bench.ring));
		assert_int_equal(bench_tamper(&bench, changes[i]), 0);
		assert_false(keyring_is_sound(bench.ring));
		assert_int_equal(judge_at(100, 0), PROTO_OTP_FAILED);
		assert_int_equal(judge_text("x", ID).found, PROTO_OTP_FAILED);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(other_keyboards_come_second),
	    TEST(an_otp_works_once),
	    TEST(counters_only_rise),
	    TEST(only_the_right_secrets_count),
	    TEST(another_users_otp_is_spent),
	    TEST(a_disabled_key_denies_and_spends),
	    TEST(a_row_that_was_changed_denies),
	    TEST(a_row_under_another_id_denies),
	    TEST(a_missing_row_denies_and_is_not_made),
	    TEST(a_broken_sequence_record_fails_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
