/* Foreign bytes can't draw on a terminal, forge a line, or overrun their place. */
#include "lib/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
plain_text_stays(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(escape_str(text, sizeof(text), "anne@gw ~!{}"), "anne@gw ~!{}");
	assert_string_equal(escape_str(text, sizeof(text), ""), "");
	assert_string_equal(escape_str(text, sizeof(text), NULL), "");
}

static void
what_could_act_is_shown_as_hex(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(escape_str(text, sizeof(text), "a\nb"), "a\\x0ab");
	assert_string_equal(escape_str(text, sizeof(text), "\x1b[2J"), "\\x1b[2J");
	assert_string_equal(escape_str(text, sizeof(text), "\x7f\x80\xff"), "\\x7f\\x80\\xff");
	assert_string_equal(escape_str(text, sizeof(text), "\xc3\xa9"), "\\xc3\\xa9");
	assert_string_equal(escape_bytes(text, sizeof(text), "a\0b", 3), "a\\x00b");
}

static void
an_escape_cannot_be_forged(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(escape_str(text, sizeof(text), "\\x0a"), "\\\\x0a");
}

static void
every_cut_is_marked_and_bounded(void **state)
{
	unsigned char in[256];
	char whole[4 * sizeof(in) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)i;
	escape_bytes(whole, sizeof(whole), in, sizeof(in));
	for (size_t cap = 4; cap <= sizeof(whole); cap++) {
		char text[sizeof(whole) + 1];
		size_t len;

		memset(text, '#', sizeof(text));
		escape_bytes(text, cap, in, sizeof(in));
		assert_int_equal(text[cap], '#');
		len = strnlen(text, cap);
		assert_true(len < cap);
		if (strcmp(text, whole) == 0)
			continue;
		assert_true(len >= 3);
		assert_string_equal(text + len - 3, "...");
		assert_memory_equal(text, whole, len - 3);
	}
	assert_non_null(strstr(whole, "\\xff"));
}

static void
a_cut_never_splits_an_escape(void **state)
{
	char text[10];

	(void)state;
	/* Room for 9 characters: two escapes and one letter would fit, the third not. */
	assert_string_equal(escape_bytes(text, sizeof(text), "\1\2\3", 3), "\\x01...");
	assert_string_equal(escape_bytes(text, sizeof(text), "abcdefghij", 10), "abcdef...");
	assert_string_equal(escape_bytes(text, sizeof(text), "abcdefghi", 9), "abcdefghi");
	assert_string_equal(escape_bytes(text, 4, "abcd", 4), "...");
	assert_string_equal(escape_bytes(text, 4, "abc", 3), "abc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_text_stays),
	    cmocka_unit_test(what_could_act_is_shown_as_hex),
	    cmocka_unit_test(an_escape_cannot_be_forged),
	    cmocka_unit_test(every_cut_is_marked_and_bounded),
	    cmocka_unit_test(a_cut_never_splits_an_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
