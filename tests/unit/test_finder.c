/* the daemon's finders: what is found by a key, in which order, and not any more. */
#include "daemon/finder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 5000

struct thing {
	struct finder_link by_key;
	uint64_t key;
	size_t number;
};

static int
set_up(void **state)
{
	struct finder *finder = malloc(sizeof(*finder));

	if (finder == NULL)
		return -1;
	finder_init(finder);
	*state = finder;
	return 0;
}

static int
tear_down(void **state)
{
	finder_free(*state);
	free(*state);
	return 0;
}

static const struct thing *
find(const struct finder *finder, uint64_t key)
{
	const struct thing *thing = finder_first(finder, finder_hash(key));

	while (thing != NULL && thing->key != key)
		thing = finder_next(&thing->by_key);
	return thing;
}

static void
many_are_found_each_and_gone_each(void **state)
{
	static struct thing things[MANY];
	struct finder *finder = *state;

	for (size_t i = 0; i < MANY; i++) {
		things[i] = (struct thing){.key = i * 3, .number = i};
		finder_add(finder, &things[i].by_key, finder_hash(i * 3), &things[i]);
	}
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(find(finder, i * 3), &things[i]);
	assert_null(find(finder, 1));
	for (size_t i = 0; i < MANY; i += 2)
		finder_remove(finder, &things[i].by_key);
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(find(finder, i * 3), i % 2 == 0 ? NULL : &things[i]);
	for (size_t i = 1; i < MANY; i += 2)
		finder_remove(finder, &things[i].by_key);
	assert_int_equal(finder->count, 0);
}

/* Two keys may have one hash, and many things one key. */
static void
those_of_one_hash_come_the_last_first(void **state)
{
	static struct thing same[100], others[1000];
	struct finder *finder = *state;
	const struct thing *thing;
	size_t n = 0;

	for (size_t i = 0; i < 100; i++) {
		same[i].number = i;
		finder_add(finder, &same[i].by_key, 7, &same[i]);
	}
	for (size_t i = 0; i < 1000; i++) /* they make it grow, some in the same row */
		finder_add(finder, &others[i].by_key, 7 + (i + 1) * 64, &others[i]);
	finder_remove(finder, &same[50].by_key);
	for (thing = finder_first(finder, 7); thing != NULL;
	     thing = finder_next(&thing->by_key)) {
		n++;
		assert_int_equal(thing->number, n <= 49 ? 100 - n : 99 - n);
	}
	assert_int_equal(n, 99);
	for (size_t i = 0; i < 1000; i++)
		finder_remove(finder, &others[i].by_key);
	for (size_t i = 0; i < 100; i++)
		if (i != 50)
			finder_remove(finder, &same[i].by_key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		many_are_found_each_and_gone_each, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		those_of_one_hash_come_the_last_first, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("finder", tests, NULL, NULL);
}
