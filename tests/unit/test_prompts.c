/* Who gives way when an owner has too many prompts. */
#include "daemon/prompts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CALLERS 8

static struct caller callers[CALLERS];
static const struct caller *gone[CALLERS];
static size_t gone_count;

static void
evict(struct caller *oldest)
{
	gone[gone_count++] = oldest;
}

static void
the_oldest_of_the_same_owner(void **state)
{
	const struct prompt_owner anne = {"anne", "key", "192.0.2.1"};
	const struct prompt_owner others[] = {{"maggie", "key", "192.0.2.1"},
	    {"anne", "another key", "192.0.2.1"}, {"anne", "key", "192.0.2.2"}};
	struct prompts *prompts = prompts_new();

	(void)state;
	assert_non_null(prompts);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(prompts_open(prompts, &callers[i], &others[i], 2, evict), 0);
	for (size_t i = 3; i < 5; i++)
		assert_int_equal(prompts_open(prompts, &callers[i], &anne, 2, evict), 0);
	assert_int_equal(gone_count, 0);
	assert_int_equal(prompts_count(prompts), 5);

	assert_int_equal(prompts_open(prompts, &callers[5], &anne, 2, evict), 0);
	assert_int_equal(gone_count, 1);
	assert_ptr_equal(gone[0], &callers[3]);
	assert_null(callers[3].prompt);
	/* One that asks anew has one prompt, not two. */
	assert_int_equal(prompts_open(prompts, &callers[5], &anne, 2, evict), 0);
	assert_int_equal(gone_count, 1);
	/* The limit may have been lowered meanwhile. */
	assert_int_equal(prompts_open(prompts, &callers[6], &anne, 1, evict), 0);
	assert_int_equal(gone_count, 3);
	assert_int_equal(prompts_count(prompts), 4);
	for (size_t i = 0; i < CALLERS; i++)
		prompts_close(&callers[i]);
	assert_int_equal(prompts_count(prompts), 0);
	prompts_free(prompts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_oldest_of_the_same_owner)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
