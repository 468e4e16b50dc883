/* Locks: who is kept out, and the file's text, cut and twisted. */
#include "daemon/lock_list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
set(struct lock_list *list, const char *user, bool is_locked)
{
	assert_int_equal(lock_list_set(list, user, is_locked, 1795252152, "a reason"), 0);
}

static void
a_lock_keeps_out_its_user_alone(void **state)
{
	struct lock_list list = {0};

	(void)state;
	assert_null(lock_list_find(&list, "anne"));
	set(&list, "anne", true);
	assert_non_null(lock_list_find(&list, "anne"));
	assert_string_equal(lock_list_find(&list, "anne")->reason, "a reason");
	assert_null(lock_list_find(&list, "ann"));
	assert_null(lock_list_find(&list, "maggie"));
	set(&list, "anne", true);
	assert_int_equal(list.count, 1);
	set(&list, "anne", false);
	assert_null(lock_list_find(&list, "anne"));
	assert_int_equal(list.count, 0);
	assert_int_equal(list.seq, 3);
	lock_list_free(&list);
}

static void
all_may_be_locked_but_one(void **state)
{
	struct lock_list list = {0};

	(void)state;
	set(&list, "maggie", true);
	set(&list, LOCK_ALL, true);
	assert_non_null(lock_list_find(&list, "anne"));
	set(&list, "anne", false);
	assert_null(lock_list_find(&list, "anne"));
	assert_non_null(lock_list_find(&list, "fred"));
	set(&list, "anne", true);
	assert_non_null(lock_list_find(&list, "anne"));
	set(&list, "fred", false);
	set(&list, LOCK_ALL, true); /* and nobody is excepted any more */
	assert_non_null(lock_list_find(&list, "fred"));
	set(&list, LOCK_ALL, false);
	assert_null(lock_list_find(&list, "fred"));
	assert_non_null(lock_list_find(&list, "anne"));
	assert_non_null(lock_list_find(&list, "maggie"));
	lock_list_free(&list);
}

static void
unlocking_nobody_changes_nothing(void **state)
{
	struct lock_list list = {0};

	(void)state;
	set(&list, "anne", false);
	set(&list, LOCK_ALL, false);
	assert_int_equal(list.count, 0);
	lock_list_free(&list);
}

static char *
sample(size_t *len)
{
	struct lock_list list = {.seq = 41};
	char *text;

	set(&list, "anne", true);
	set(&list, "domain user", true);
	set(&list, LOCK_ALL, true);
	set(&list, "fred", false);
	text = lock_list_format(&list, len);
	assert_non_null(text);
	lock_list_free(&list);
	return text;
}

static void
what_is_written_is_read(void **state)
{
	struct lock_list list = {0};
	char why[100], *text, *again;
	size_t len, again_len;

	(void)state;
	text = sample(&len);
	assert_int_equal(lock_list_parse(text, len, &list, why, sizeof(why)), 0);
	assert_int_equal(list.seq, 45);
	assert_int_equal(list.count, 4);
	assert_null(lock_list_find(&list, "fred"));
	assert_non_null(lock_list_find(&list, "domain user"));
	again = lock_list_format(&list, &again_len);
	assert_int_equal(len, again_len);
	assert_string_equal(text, again);
	free(text);
	free(again);
	lock_list_free(&list);
}

/* Wherever a power cut stopped it. */
static void
no_beginning_of_a_file_passes_for_a_file(void **state)
{
	char why[100], *text;
	size_t len;

	(void)state;
	text = sample(&len);
	for (size_t cut = 0; cut < len; cut++) {
		struct lock_list list = {0};
		assert_int_equal(lock_list_parse(text, cut, &list, why, sizeof(why)), -EINVAL);
		assert_true(strlen(why) > 0);
		lock_list_free(&list);
	}
	free(text);
}

static void
broken_files_say_where_and_keep_what_can_be_read(void **state)
{
	static const struct {
		const char *text, *why;
		size_t kept;
	} cases[] = {
	    {"", "its end is missing", 0},
	    {"sallyport-locks 2 1\nend 0\n", "line 1", 0},
	    {"sallyport-locks 1 x\nend 0\n", "line 1", 0},
	    {"sallyport-locks 1 1\nlock\tanne\t1\tr\nend 2\n", "line 3: not as many", 1},
	    {"sallyport-locks 1 1\nlock\tanne\t1\tr\n", "its end is missing", 1},
	    {"sallyport-locks 1 1\nlock\tanne\t1\tr\nend 1\nx\n", "behind its end", 1},
	    {"sallyport-locks 1 1\nend 0\n\n", "behind its end", 0},
	    {"sallyport-locks 1 1\nlock\tanne\t1\nlock\tbob\t1\tr\nend 1\n", "line 2", 1},
	    {"sallyport-locks 1 1\nlock\tanne\t-1\tr\nend 1\n", "line 2", 0},
	    {"sallyport-locks 1 1\nlock\t\t1\tr\nend 1\n", "line 2", 0},
	    {"sallyport-locks 1 1\nlock\t*\t1\tr\nend 1\n", "line 2", 0},
	    {"sallyport-locks 1 1\nall\tanne\t1\tr\nend 1\n", "line 2", 0},
	    {"sallyport-locks 1 1\nfree\tanne\t1\tr\nend 1\n", "line 2", 0},
	    {"sallyport-locks 1 1\nlock\tanne\t1\tr\tmore\nend 1\n", "line 2", 0},
	    {"sallyport-locks 1 1\nlock\tanne\t1\tr\nlock\tanne\t1\tr\nend 2\n", "line 3", 1},
	};
	char why[100];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lock_list list = {0};
		assert_int_equal(lock_list_parse(cases[i].text, strlen(cases[i].text), &list,
				     why, sizeof(why)),
		    -EINVAL);
		if (strstr(why, cases[i].why) == NULL)
			fail_msg("case %zu: '%s' does not say '%s'", i, why, cases[i].why);
		assert_int_equal(list.count, cases[i].kept);
		lock_list_free(&list);
	}
}

static void
a_nul_is_no_end(void **state)
{
	static const char text[] = "sallyport-locks 1 1\nend 0\n\0lock\tanne\t1\tr\n";
	struct lock_list list = {0};
	char why[100];

	(void)state;
	assert_int_equal(
	    lock_list_parse(text, sizeof(text) - 1, &list, why, sizeof(why)), -EINVAL);
	lock_list_free(&list);
}

static void
names_and_reasons(void **state)
{
	char longest[LOCK_REASON_MAX + 2];

	(void)state;
	assert_true(lock_is_user("anne"));
	assert_true(lock_is_user("domain user"));
	assert_false(lock_is_user(""));
	assert_false(lock_is_user(LOCK_ALL));
	assert_false(lock_is_user("a\tb"));
	assert_false(lock_is_user("a\nb"));
	assert_false(lock_is_user("a\x7f"));
	memset(longest, 'x', sizeof(longest));
	longest[LOCK_REASON_MAX + 1] = '\0';
	assert_false(lock_is_reason(longest));
	longest[LOCK_REASON_MAX] = '\0';
	assert_true(lock_is_reason(longest));
	assert_true(lock_is_reason(""));
	assert_false(lock_is_reason("two\nlines"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_lock_keeps_out_its_user_alone),
	    cmocka_unit_test(all_may_be_locked_but_one),
	    cmocka_unit_test(unlocking_nobody_changes_nothing),
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(no_beginning_of_a_file_passes_for_a_file),
	    cmocka_unit_test(broken_files_say_where_and_keep_what_can_be_read),
	    cmocka_unit_test(a_nul_is_no_end),
	    cmocka_unit_test(names_and_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
