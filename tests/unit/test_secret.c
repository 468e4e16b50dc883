/* Secrets: zeroed, wiped, kept out of children, compared whole. */
#include "lib/secret.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_new_secret_is_zero_and_bounded(void **state)
{
	struct secret s;

	(void)state;
	assert_int_equal(secret_new(&s, 16), 0);
	for (size_t i = 0; i < s.len; i++)
		assert_int_equal(s.bytes[i], 0);
	secret_free(&s);
	assert_null(s.bytes);
	assert_int_equal(s.len, 0);
	secret_free(&s);
	assert_int_equal(secret_new(&s, 0), -EINVAL);
	assert_int_equal(secret_new(&s, 4097), -EINVAL);
	assert_null(s.bytes);
	assert_int_equal(secret_new(&s, 4096), 0);
	secret_free(&s);
}

static void
a_child_does_not_inherit_it(void **state)
{
	struct secret s;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(secret_new(&s, 8), 0);
	memcpy(s.bytes, "12345678", 8);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const unsigned char zero[8] = {0};
		_exit(memcmp(s.bytes, zero, 8) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_memory_equal(s.bytes, "12345678", 8);
	secret_free(&s);
}

static void
wiping_wipes(void **state)
{
	char otp[44] = "vvccccb";
	const char zero[44] = {0};

	(void)state;
	secret_wipe(otp, sizeof(otp));
	assert_memory_equal(otp, zero, sizeof(otp));
}

static void
equality_sees_every_byte(void **state)
{
	unsigned char a[32] = {0}, b[32] = {0};

	(void)state;
	assert_true(secret_is_equal(a, b, sizeof(a)));
	assert_true(secret_is_equal(a, b, 0));
	for (size_t i = 0; i < sizeof(a) * 8; i++) {
		b[i / 8] ^= (unsigned char)(1 << i % 8);
		assert_false(secret_is_equal(a, b, sizeof(a)));
		b[i / 8] = 0;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_secret_is_zero_and_bounded),
	    cmocka_unit_test(a_child_does_not_inherit_it),
	    cmocka_unit_test(wiping_wipes),
	    cmocka_unit_test(equality_sees_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
