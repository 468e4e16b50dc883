/* What a page says at a channel's end. */
#include "daemon/channel_tell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *
words(uint64_t up, uint64_t down, int64_t ms)
{
	static char text[256];

	channel_tell_words(text, sizeof(text), "closed", up, down, ms);
	return text;
}

static void
amounts(void **state)
{
	(void)state;
	assert_string_equal(words(0, 0, 5000), "closed");
	assert_string_equal(words(CONSOLE_UNCOUNTED, 5, 5000), "closed");
	assert_string_equal(
	    words(1, 999, 0), "closed; 999 bytes received, 1 byte sent in less than 1 s");
	assert_string_equal(
	    words(0, 1000, 1000), "closed; 1.0 kB received, 0 bytes sent in 1 s");
	assert_string_equal(
	    words(1999999, 12345678, 119999), "closed; 12.3 MB received, 1.9 MB sent in 119 s");
	assert_string_equal(words(UINT64_MAX - 1, 123456789012, 120000),
	    "closed; 123 GB received, 18446744 TB sent in 2 min");
	assert_string_equal(words(5, 999999, (int64_t)3 * 3600 * 1000 + 59000),
	    "closed; 999 kB received, 5 bytes sent in 3 h 0 min");
}

static void
long_reason(void **state)
{
	char text[32];

	(void)state;
	channel_tell_words(text, sizeof(text), "a reason that is longer than this", 1, 1, 1);
	assert_string_equal(text, "a reason that is longer than th");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(amounts),
	    cmocka_unit_test(long_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
