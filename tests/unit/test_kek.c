/* The key file: made once, kept from others, never made anew for an old store. */
#include "verify/kek.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[32], path[64], fresh[64];

static int
set_up(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0;
	memcpy(dir, "/tmp/kek-XXXXXX", 16);
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/kek", dir);
	snprintf(fresh, sizeof(fresh), "%s/kek.new", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(fresh);
	rmdir(dir);
	return 0;
}

static void
need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void
it_is_made_once(void **state)
{
	static const unsigned char zero[32];
	struct secret first, again;
	struct stat st;

	(void)state;
	need_root();
	assert_int_equal(kek_obtain(path, false, &first), 0);
	assert_int_equal(first.len, 32);
	assert_memory_not_equal(first.bytes, zero, 32);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(access(fresh, F_OK), -1);
	assert_int_equal(kek_obtain(path, false, &again), 0);
	assert_memory_equal(first.bytes, again.bytes, 32);
	secret_free(&again);
	assert_int_equal(kek_obtain(path, true, &again), 0);
	assert_memory_equal(first.bytes, again.bytes, 32);
	secret_free(&again);
	secret_free(&first);
}

static void
a_store_without_its_key_gets_no_new_one(void **state)
{
	struct secret kek = {0};

	(void)state;
	need_root();
	assert_int_equal(kek_obtain(path, true, &kek), -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
	assert_null(kek.bytes);
}

static void
write_file(const char *name, size_t len, mode_t mode)
{
	static const char bytes[64] = "0123456789abcdef0123456789abcdef0123456789abcdef";
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
a_start_that_was_cut_short_is_made_good(void **state)
{
	struct secret kek;

	(void)state;
	need_root();
	write_file(fresh, 7, 0400);
	assert_int_equal(kek_obtain(path, false, &kek), 0);
	assert_int_equal(access(fresh, F_OK), -1);
	secret_free(&kek);
}

static void
wrong_files_are_refused(void **state)
{
	static const struct {
		size_t len;
		mode_t mode;
		int err;
	} table[] = {{32, 0400, 0}, {32, 0600, 0}, {31, 0400, -EUCLEAN}, {33, 0400, -EUCLEAN},
	    {0, 0400, -EUCLEAN}, {32, 0444, -EPERM}, {32, 0620, -EPERM}};

	(void)state;
	need_root();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct secret kek = {0};
		write_file(path, table[i].len, table[i].mode);
		assert_int_equal(kek_obtain(path, false, &kek), table[i].err);
		assert_int_equal(kek.bytes != NULL, table[i].err == 0);
		secret_free(&kek);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0400), 0);
	struct secret kek = {0};
	assert_int_equal(kek_obtain(path, false, &kek), -EPERM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_is_made_once),
	    TEST(a_store_without_its_key_gets_no_new_one),
	    TEST(a_start_that_was_cut_short_is_made_good),
	    TEST(wrong_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
