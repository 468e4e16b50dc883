/* "Password followed by OTP", cut in two. */
#include "pam_module/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "cbdefghijklnrtuvcbdefghijklnrtuv"

static struct split_ids
ids_of(const char *a, const char *b)
{
	struct split_ids ids = {.count = b != NULL ? 2 : 1};

	snprintf(ids.id[0], sizeof(ids.id[0]), "%s", a);
	if (b != NULL)
		snprintf(ids.id[1], sizeof(ids.id[1]), "%s", b);
	return ids;
}

static void
expect(const char *text, const struct split_ids *ids, const char *password, const char *otp)
{
	struct split s = split_text(text, strlen(text), ids);

	assert_int_equal(s.password_len, strlen(password));
	assert_memory_equal(text, password, s.password_len);
	assert_int_equal(s.otp_len, strlen(otp));
	assert_memory_equal(text + s.otp_at, otp, s.otp_len);
}

static void
by_the_id(void **state)
{
	struct split_ids ids = ids_of("vvccccccccbd", NULL);

	(void)state;
	expect("secretvvccccccccbd" TOKEN, &ids, "secret", "vvccccccccbd" TOKEN);
	expect("vvccccccccbd" TOKEN, &ids, "", "vvccccccccbd" TOKEN);
	expect("secretvvccccccccbd" TOKEN " \r\n", &ids, "secret", "vvccccccccbd" TOKEN);
	expect("SecretVVCCCCCCCCBDCBDEFGHIJKLNRTUVCBDEFGHIJKLNRTUV", &ids, "Secret",
	    "VVCCCCCCCCBDCBDEFGHIJKLNRTUVCBDEFGHIJKLNRTUV");
	/* A password that ends in blanks keeps them. */
	expect("two words  vvccccccccbd" TOKEN, &ids, "two words  ", "vvccccccccbd" TOKEN);
	/* A password of modhex, too. */
	expect("cccvvccccccccbd" TOKEN, &ids, "ccc", "vvccccccccbd" TOKEN);
}

static void
by_ids_of_different_lengths(void **state)
{
	struct split_ids ids = ids_of("vvcc", "bbvvcc");

	(void)state;
	expect("pwvvcc" TOKEN, &ids, "pw", "vvcc" TOKEN);
	expect("pwbbvvcc" TOKEN, &ids, "pw", "bbvvcc" TOKEN);
	ids = ids_of("", "vvcc");
	expect("pw" TOKEN, &ids, "pw", TOKEN);
	expect("pwvvcc" TOKEN, &ids, "pw", "vvcc" TOKEN);
}

static void
of_a_key_that_is_not_the_users(void **state)
{
	struct split_ids ids = ids_of("vvccccccccbd", NULL);

	(void)state;
	expect("secretccccccccccbd" TOKEN, &ids, "secret", "ccccccccccbd" TOKEN);
	/* vvccccccccbd on a Dvorak keyboard. */
	expect("secretkkjjjjjjjjxejxe.uidchtnbpygkjxe.uidchtnbpygk", &ids, "secret",
	    "kkjjjjjjjjxejxe.uidchtnbpygkjxe.uidchtnbpygk");
}

#define TEN  "aaaaaaaaaa"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* Not a byte of a password may leave the module. */
static void
a_password_alone(void **state)
{
	static const char *const passwords[] = {"", "x", "secret", "vvccccccccbd", TOKEN,
	    "correct horse battery staple and many more words",
	    "vvccccccccbdcbdefghijklnrtuvcbdefghijklnrtu-", "\303\251\303\251\303\251", LONG};
	struct split_ids ids = ids_of("vvccccccccbd", NULL), none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		expect(passwords[i], &ids, passwords[i], "");
		expect(passwords[i], &none, passwords[i], "");
	}
}

static void
bytes_of_any_kind(void **state)
{
	struct split_ids ids = ids_of("vvccccccccbd", NULL);
	char text[80];

	(void)state;
	memset(text, 0, sizeof(text));
	for (size_t len = 0; len <= sizeof(text); len++)
		assert_int_equal(split_text(text, len, &ids).otp_len, 0);
	memset(text, 'c', sizeof(text));
	for (size_t len = 0; len <= sizeof(text); len++) {
		struct split s = split_text(text, len, &ids);
		assert_int_equal(s.otp_len, len >= 44 ? 44 : 0);
		assert_int_equal(s.otp_at + s.otp_len, len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_the_id),
	    cmocka_unit_test(by_ids_of_different_lengths),
	    cmocka_unit_test(of_a_key_that_is_not_the_users),
	    cmocka_unit_test(a_password_alone),
	    cmocka_unit_test(bytes_of_any_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
