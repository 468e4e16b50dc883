/* OTP text and blocks: what is taken for an OTP, and what a block must show. */
#include "lib/layout.h"
#include "tests/support/softkey.h"
#include "verify/crypt.h"
#include "verify/otp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

/* otp-and-state.md 1.1 */
static const uint8_t vector_aes[16] = {0xec, 0xde, 0x18, 0xdb, 0xe7, 0x6f, 0xbd, 0x0c, 0x33,
    0x33, 0x0f, 0x1c, 0x35, 0x48, 0x71, 0xdb};
static const uint8_t vector_uid[6] = {0x87, 0x92, 0xeb, 0xfe, 0x26, 0xcc};
#define VECTOR   "dteffujehknhfjbrjnlnldnhcujvddbikngjrtgh"
#define ALPHABET "cbdefghijklnrtuv"
#define TOKEN    "fjbrjnlnldnhcujvddbikngjrtghcccc"

static void
decrypt(const uint8_t aes[16], const uint8_t token[16], uint8_t plain[16])
{
	static const uint8_t kek[CRYPT_KEK] = {1};
	struct crypt *crypt = NULL;

	assert_int_equal(crypt_new(&crypt, kek), 0);
	assert_int_equal(crypt_open_token(crypt, aes, token, plain), 0);
	crypt_free(crypt);
}

static void
the_published_vector_opens(void **state)
{
	uint8_t plain[16];
	uint32_t counter = 0;
	struct otp otp;

	(void)state;
	assert_int_equal(otp_read(VECTOR, strlen(VECTOR), &otp), 0);
	assert_string_equal(otp.id, "dteffuje");
	decrypt(vector_aes, otp.token, plain);
	assert_true(otp_open(plain, vector_uid, &counter));
	assert_int_equal(counter, 19 << 8 | 17);
	assert_int_equal(plain[8] | plain[9] << 8 | plain[10] << 16, 49712);
}

static void
wrong_key_uid_or_crc_do_not_open(void **state)
{
	uint8_t plain[16], other[16], uid[6];
	uint32_t counter;
	struct otp otp;

	(void)state;
	assert_int_equal(otp_read(VECTOR, strlen(VECTOR), &otp), 0);
	memcpy(other, vector_aes, 16);
	other[15] ^= 1;
	decrypt(other, otp.token, plain);
	assert_false(otp_open(plain, vector_uid, &counter));
	decrypt(vector_aes, otp.token, plain);
	for (size_t i = 0; i < sizeof(uid); i++) {
		memcpy(uid, vector_uid, sizeof(uid));
		uid[i] ^= 0x80;
		assert_false(otp_open(plain, uid, &counter));
	}
	for (size_t bit = 0; bit < 128; bit++) { /* private id or CRC finds each flip */
		plain[bit / 8] = (uint8_t)(plain[bit / 8] ^ 1 << bit % 8);
		assert_false(otp_open(plain, vector_uid, &counter));
		plain[bit / 8] = (uint8_t)(plain[bit / 8] ^ 1 << bit % 8);
	}
	assert_true(otp_open(plain, vector_uid, &counter));
}

static void
what_is_typed_is_normalised(void **state)
{
	static const struct {
		const char *typed, *id; /* id NULL: not an OTP */
	} table[] = {
	    {VECTOR, "dteffuje"},
	    {VECTOR "\r\n", "dteffuje"},
	    {"\t " VECTOR " \t", "dteffuje"},
	    {"DTEFFUJEHKNHFJBRJNLNLDNHCUJVDDBIKNGJRTGH", "dteffuje"},
	    {"DteFFujehknhfjbrjnlnldnhcujvddbikngjrtgh\n", "dteffuje"},
	    {TOKEN, ""},
	    {TOKEN TOKEN, TOKEN},
	    {"cc" TOKEN TOKEN, NULL}, /* 66 */
	    {"c" TOKEN, NULL},        /* odd */
	    {"", NULL},
	    {" \n", NULL},
	    {"fjbrjnlnldnhcujvddbikngjrtghcc", NULL}, /* 30 */
	    {"dteffuje hknhfjbrjnlnldnhcujvddbikngjrtg", NULL},
	    {"dteffujea" TOKEN "c", NULL}, /* a is not modhex */
	    {"dteffuj0" TOKEN, NULL},
	    {"dteffuj\xc4\xb1" TOKEN, NULL}, /* a Turkish dotless i */
	    {"correct horse battery staple and some more", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct otp otp;
		int err = otp_read(table[i].typed, strlen(table[i].typed), &otp);
		assert_int_equal(err, table[i].id != NULL ? 0 : -EINVAL);
		assert_string_equal(otp.id, table[i].id != NULL ? table[i].id : "");
	}
}

/* otp-and-state.md 1.3: what the sixteen keys give, in the order cbdefghijklnrtuv. */
static void
other_keyboards_are_read(void **state)
{
	static const struct {
		const char *layout, *typed;
	} table[] = {
	    {"dvorak", "jxe.uidchtnbpygk"},
	    {"colemak", "cbsftdhuneikpglv"},
	    {"norman", "cbedtgyrniopfkuv"},
	    {"bepo", "xkipe,cdtsr'oèv."},
	    {"turkish", "cbdefghıjklnrtuv"},
	    {"russian", "сивуапршолдткегм"},
	    {"greek", "ψβδεφγηιξκλνρτθω"},
	};
	char text[4 * 32 + 3];
	struct otp otp, meant;

	(void)state;
	assert_int_equal(sizeof(table) / sizeof(table[0]), LAYOUT_COUNT);
	assert_int_equal(otp_read(ALPHABET ALPHABET ALPHABET, 48, &meant), 0);
	for (size_t i = 0; i < LAYOUT_COUNT; i++) {
		int layout = layout_find(table[i].layout);
		snprintf(text, sizeof(text), " %s%s%s\n", table[i].typed, table[i].typed,
		    table[i].typed);
		assert_string_equal(layout_name(i), table[i].layout);
		assert_int_equal(layout, i);
		assert_int_equal(otp_read_on(i, text, strlen(text), &otp), 0);
		assert_memory_equal(&otp, &meant, sizeof(otp));
		assert_int_equal(otp_read_on(i, text, 32, &otp), -EINVAL);
		assert_int_equal(otp_read_on(i, "correct horse", 13, &otp), -EINVAL);
		assert_int_equal(otp_read_on(i, "", 0, &otp), -EINVAL);
	}
	assert_int_equal(otp_read_on(LAYOUT_COUNT, text, strlen(text), &otp), -EINVAL);
	assert_int_equal(layout_find("qwerty"), -ENOENT);
	assert_null(layout_name(LAYOUT_COUNT));
	assert_int_equal(layout_to_modhex(0, "j", 1, text, 1), -EINVAL);    /* no room */
	assert_int_equal(layout_to_modhex(3, "\xc3", 1, text, 9), -EINVAL); /* half a letter */
}

static void
nul_and_length_are_not_fooled(void **state)
{
	char text[4096];
	struct otp otp;

	(void)state;
	memcpy(text, VECTOR, 41);
	text[10] = '\0';
	assert_int_equal(otp_read(text, 40, &otp), -EINVAL);
	memcpy(text, VECTOR, 41); /* its NUL counted in */
	assert_int_equal(otp_read(text, 41, &otp), -EINVAL);
	memset(text, ' ', sizeof(text));
	memcpy(text, VECTOR, 40);
	assert_int_equal(otp_read(text, sizeof(text), &otp), -EINVAL);
	assert_int_equal(otp_read(text, 100, &otp), 0);
	memset(text, 'c', sizeof(text));
	assert_int_equal(otp_read(text, sizeof(text), &otp), -EINVAL);
}

static void
the_caps_lock_bit_does_not_count(void **state)
{
	static const struct {
		uint16_t use;
		uint8_t session;
		uint32_t counter;
	} table[] = {
	    {0x0001, 0x00, 0x000100},
	    {0x8001, 0x02, 0x000102},
	    {0x7fff, 0xff, 0x7fffff},
	    {0xffff, 0xff, OTP_COUNTER_MAX},
	    {0x8000, 0x00, 0x000000},
	};
	struct softkey key = {.id = "vvcc", .uid = {1, 2, 3, 4, 5, 6}, .aes = {9, 8, 7}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[SOFTKEY_OTP_MAX + 1];
		uint8_t plain[16];
		uint32_t counter = 1;
		struct otp otp;
		key.use = table[i].use;
		key.session = table[i].session;
		softkey_otp(&key, text);
		assert_int_equal(otp_read(text, strlen(text), &otp), 0);
		decrypt(key.aes, otp.token, plain);
		assert_true(otp_open(plain, key.uid, &counter));
		assert_int_equal(counter, table[i].counter);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_vector_opens),
	    cmocka_unit_test(wrong_key_uid_or_crc_do_not_open),
	    cmocka_unit_test(what_is_typed_is_normalised),
	    cmocka_unit_test(other_keyboards_are_read),
	    cmocka_unit_test(nul_and_length_are_not_fooled),
	    cmocka_unit_test(the_caps_lock_bit_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
