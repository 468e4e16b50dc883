/* The parser of numbers takes digits in range and nothing else. */
#include "lib/num.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define UNTOUCHED 4242

static int
parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	*value = UNTOUCHED;
	return num_parse(text, min, max, value);
}

static void
takes_what_is_in_range(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(parse("0", 0, 10, &value), 0);
	assert_true(value == 0);
	assert_int_equal(parse("10", 0, 10, &value), 0);
	assert_true(value == 10);
	assert_int_equal(parse("007", 0, 10, &value), 0);
	assert_true(value == 7);
	assert_int_equal(parse("18446744073709551615", 0, UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
}

static void
refuses_what_is_outside(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(parse("11", 0, 10, &value), -ERANGE);
	assert_int_equal(parse("4", 5, 10, &value), -ERANGE);
	assert_int_equal(parse("18446744073709551616", 0, UINT64_MAX, &value), -ERANGE);
	assert_int_equal(parse("99999999999999999999999999", 0, UINT64_MAX, &value), -ERANGE);
	assert_true(value == UNTOUCHED);
}

static void
refuses_what_is_not_all_digits(void **state)
{
	const char *const wrong[] = {"", " 1", "1 ", "+1", "-1", "0x1", "1e3", "1.0", "1\n",
	    "a", "\xef\xbc\x91", "1_000", NULL};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(wrong[i], 0, UINT64_MAX, &value), -EINVAL);
		assert_true(value == UNTOUCHED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_what_is_in_range),
	    cmocka_unit_test(refuses_what_is_outside),
	    cmocka_unit_test(refuses_what_is_not_all_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
