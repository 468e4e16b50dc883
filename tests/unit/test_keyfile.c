/* Key lines: every form that is taken, and every reason to refuse one. */
#include "verify/keyfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define UID "0102030405ff"
#define AES "000102030405060708090a0b0c0d0e0f"

static enum keyfile_line
read_line(enum keyfile_format format, const char *line, struct keyfile_key *key)
{
	const char *why = NULL;
	enum keyfile_line got = keyfile_read(format, line, strlen(line), key, &why);

	if (got == KEYFILE_BAD || got == KEYFILE_OTHER)
		assert_non_null(why);
	return got;
}

static void
both_formats_give_the_key(void **state)
{
	static const struct {
		enum keyfile_format format;
		const char *line, *id, *note;
	} table[] = {
	    {KEYFILE_YKMAN, "4711,vvccccccccbd," UID "," AES ",,2026-11-21T01:32:57,",
		"vvccccccccbd", "serial 4711"},
	    {KEYFILE_YKMAN,
		"4711,vvccccccccbd," UID "," AES ",0a0b0c0d0e0f,2026-11-21T01:32:57,\r",
		"vvccccccccbd", "serial 4711"},
	    {KEYFILE_YKMAN, ",VVCCCCCCCCBD,0102030405FF,000102030405060708090A0B0C0D0E0F,,,",
		"vvccccccccbd", ""},
	    {KEYFILE_KSM, "1,cccccccccccb," UID "," AES ",000000000000,2026-01-01T00:00:00,",
		"cccccccccccb", "serial 1"},
	    {KEYFILE_KSM,
		"1,cccccccccccb," UID "," AES ",000000000000,2026-01-01T00:00:00,,a # b,c",
		"cccccccccccb", "serial 1"},
	    {KEYFILE_KSM, " 1 , cb ," UID " ," AES ",,,", "cb", "serial 1"},
	    {KEYFILE_YKMAN, "1,cccccccccccccccccccccccccccccccb," UID "," AES ",,,",
		"cccccccccccccccccccccccccccccccb", "serial 1"},
	};
	static const uint8_t uid[6] = {1, 2, 3, 4, 5, 0xff};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct keyfile_key key;
		assert_int_equal(read_line(table[i].format, table[i].line, &key), KEYFILE_KEY);
		assert_string_equal(key.id, table[i].id);
		assert_string_equal(key.note, table[i].note);
		assert_memory_equal(key.key.uid, uid, 6);
		for (size_t b = 0; b < 16; b++)
			assert_int_equal(key.key.aes[b], b);
	}
}

static void
bad_lines_are_refused_and_leave_nothing(void **state)
{
	static const char *const table[] = {
	    "vvcc",
	    "4711,vvcc," UID "," AES,                   /* cut */
	    "4711,vvcc," UID "," AES ",,2026-11-21T01", /* cut in the date */
	    "4711,vvcc," UID "," AES ",,d,e,f,g",       /* 9 fields */
	    "x,vvcc," UID "," AES ",,,",
	    "12345678901,vvcc," UID "," AES ",,,",
	    "4711,," UID "," AES ",,,",    /* no public id */
	    "4711,vvc," UID "," AES ",,,", /* odd */
	    "4711,vvca," UID "," AES ",,,",
	    "4711,cccccccccccccccccccccccccccccccccc," UID "," AES ",,,", /* 34 */
	    "4711,vvcc,0102030405f," AES ",,,",
	    "4711,vvcc,0102030405fff," AES ",,,",
	    "4711,vvcc,0102030405fg," AES ",,,",
	    "4711,vvcc," UID ",000102030405060708090a0b0c0d0e0,,,",
	    "4711,vvcc," UID "," AES "00,,,",
	    "4711,vvcc," UID ",zz0102030405060708090a0b0c0d0e0f,,,",
	    "4711,vvcc," UID ",00000000000000000000000000000000,,,",
	    "4711;vvcc;" UID ";" AES ";;;",
	};
	static const struct keyfile_key none;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct keyfile_key key;
		assert_int_equal(read_line(KEYFILE_YKMAN, table[i], &key), KEYFILE_BAD);
		assert_memory_equal(&key, &none, sizeof(key));
		assert_int_equal(read_line(KEYFILE_KSM, table[i], &key), KEYFILE_BAD);
	}
}

static void
other_slots_and_comments_are_passed_over(void **state)
{
	struct keyfile_key key;

	(void)state;
	assert_int_equal(read_line(KEYFILE_YKMAN, "", &key), KEYFILE_EMPTY);
	assert_int_equal(read_line(KEYFILE_YKMAN, " \t\r", &key), KEYFILE_EMPTY);
	assert_int_equal(read_line(KEYFILE_KSM, "# ykksm 1", &key), KEYFILE_EMPTY);
	assert_int_equal(
	    read_line(KEYFILE_KSM, "  # 1,cb," UID "," AES ",,,", &key), KEYFILE_EMPTY);
	/* HOTP, static password, challenge-response of the personalization tool */
	assert_int_equal(
	    read_line(KEYFILE_YKMAN, "4711,ubhecccccccc,0," AES "00000000,,d,", &key),
	    KEYFILE_OTHER);
	assert_int_equal(read_line(KEYFILE_YKMAN, "4711,,," AES ",,d,", &key), KEYFILE_OTHER);
	assert_int_equal(read_line(KEYFILE_YKMAN, "4711,,0," AES ",,d,", &key), KEYFILE_OTHER);
	assert_int_equal(read_line(KEYFILE_KSM, "4711,,0," AES ",,d,", &key), KEYFILE_BAD);
	/* a private id that happens to be all digits is one */
	assert_int_equal(
	    read_line(KEYFILE_YKMAN, "4711,vvcc,010203040506," AES ",,d,", &key), KEYFILE_KEY);
}

static void
long_lines_and_nul_are_refused(void **state)
{
	static char line[2048];
	struct keyfile_key key;
	const char *why;

	(void)state;
	memset(line, ' ', sizeof(line));
	memcpy(line, "1,cb," UID "," AES ",,,", 4 + 1 + 12 + 1 + 32 + 3);
	assert_int_equal(keyfile_read(KEYFILE_KSM, line, 1024, &key, &why), KEYFILE_KEY);
	assert_int_equal(keyfile_read(KEYFILE_KSM, line, 1025, &key, &why), KEYFILE_BAD);
	line[1000] = '\0';
	assert_int_equal(keyfile_read(KEYFILE_KSM, line, 1024, &key, &why), KEYFILE_BAD);
}

static void
formats_are_told_by_their_beginning(void **state)
{
	static const struct {
		const char *text;
		enum keyfile_format format;
	} table[] = {
	    {"# ykksm 1\n1,cb,", KEYFILE_KSM},
	    {"\r\n# ykksm 1\n", KEYFILE_KSM},
	    {"4711,vvcc", KEYFILE_YKMAN},
	    {"", KEYFILE_YKMAN},
	    {"# keys\n", KEYFILE_YKMAN},
	    {"-----BEGIN PGP MESSAGE-----\n", KEYFILE_FOREIGN},
	    {"<?xml version=\"1.0\"?>", KEYFILE_FOREIGN},
	    {"LOGGING START,21/11/26", KEYFILE_FOREIGN},
	    {"{\"yubiProdConfig\"", KEYFILE_FOREIGN},
	    {"fixed: m:vvcc", KEYFILE_FOREIGN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *what = NULL;
		assert_int_equal(keyfile_detect(table[i].text, strlen(table[i].text), &what),
		    table[i].format);
		assert_int_equal(what != NULL, table[i].format == KEYFILE_FOREIGN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_formats_give_the_key),
	    cmocka_unit_test(bad_lines_are_refused_and_leave_nothing),
	    cmocka_unit_test(other_slots_and_comments_are_passed_over),
	    cmocka_unit_test(long_lines_and_nul_are_refused),
	    cmocka_unit_test(formats_are_told_by_their_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
