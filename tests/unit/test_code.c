/* Recovery codes as text. */
#include "verify/code.h"
#include "verify/otp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
written_and_read(void **state)
{
	static const uint8_t bits[CODE_RANDOM] = {
	    0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf};
	char text[CODE_TEXT_MAX + 1];
	struct code code, again;
	struct otp otp;

	(void)state;
	code_make(&code, 7, bits);
	assert_memory_equal(code.secret,
	    "01234567"
	    "89ABCDEF",
	    16);
	code_write(&code, text);
	assert_string_equal(text, "7-0123-4567-89AB-CDEF");
	assert_int_equal(code_read(text, strlen(text), &again), 0);
	assert_memory_equal(&code, &again, sizeof(code));
	assert_int_equal(otp_read(text, strlen(text), &otp), -EINVAL);
	memset(code.secret, 'Z', sizeof(code.secret));
	code.number = 99;
	code_write(&code, text);
	assert_int_equal(strlen(text), CODE_TEXT_MAX);
}

static void
what_is_typed_is_taken_kindly(void **state)
{
	static const struct {
		const char *typed;
		uint8_t number; /* 0: no code */
	} table[] = {
	    {"7-0123-4567-89AB-CDEF", 7},
	    {"7-0123456789ABCDEF", 7},
	    {" 7 0123 4567 89ab cdef\r\n", 7},
	    {"07-O1L3-4567-89AB-CDEF", 7},
	    {"12-oIi3-4567-89ab-cdef", 12},
	    {"70123456789ABCDEF", 0},
	    {"0-0123-4567-89AB-CDEF", 0},
	    {"100-0123-4567-89AB-CDEF", 0},
	    {"1234-0123-4567-89AB-CDEF", 0},
	    {"7-0123-4567-89AB-CDE", 0},
	    {"7-0123-4567-89AB-CDEFG", 0},
	    {"7-0123-4567-89AB-CDEU", 0},
	    {"7-0123-4567-89AB-CDE*", 0},
	    {"-0123-4567-89AB-CDEF", 0},
	    {"", 0},
	    {"7", 0},
	    {"7-", 0},
	    {"7-                                                            0123456789ABCDEF",
		0},
	    {"dteffujehknhfjbrjnlnldnhcujvddbikngjrtgh", 0},
	};
	static const struct code none;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct code code;
		int err = code_read(table[i].typed, strlen(table[i].typed), &code);
		assert_int_equal(err, table[i].number != 0 ? 0 : -EINVAL);
		assert_int_equal(code.number, table[i].number);
		if (err < 0)
			assert_memory_equal(&code, &none, sizeof(none));
	}
	assert_int_equal(code_read("7-0123\0-4567-89AB-CDEF", 22, &(struct code){0}), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(written_and_read),
	    cmocka_unit_test(what_is_typed_is_taken_kindly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
