/* The policy's index: all numbers of a hash, in their order, however it grows. */
#include "policy/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
an_empty_one_has_nothing(void **state)
{
	struct index index = {0};
	size_t at;

	(void)state;
	assert_int_equal(index_first(&index, 0, &at), INDEX_NONE);
	index_free(&index);
}

static void
all_of_a_hash_come_in_their_order(void **state)
{
	/* Hashes that fall into one slot, into the last ones, and apart. */
	static const uint64_t hashes[] = {
	    0, 64, 1 << 20, 63, 127, UINT64_MAX, UINT64_MAX - 1, 7, 0x1234567890};
	const size_t n = sizeof(hashes) / sizeof(hashes[0]);
	struct index index = {0};
	uint32_t number;
	size_t at;

	(void)state;
	for (uint32_t i = 0; i < 1000 * n; i++)
		assert_int_equal(index_add(&index, hashes[i % n], i), 0);
	for (size_t k = 0; k < n; k++) {
		number = index_first(&index, hashes[k], &at);
		for (uint32_t i = 0; i < 1000; i++) {
			assert_int_equal(number, i * n + k);
			number = index_next(&index, hashes[k], &at);
		}
		assert_int_equal(number, INDEX_NONE);
	}
	assert_int_equal(index_first(&index, 5, &at), INDEX_NONE);
	assert_true(index_add(&index, 5, INDEX_NONE) < 0);
	index_free(&index);
	assert_int_equal(index_first(&index, 0, &at), INDEX_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_one_has_nothing),
	    cmocka_unit_test(all_of_a_hash_come_in_their_order),
	};

	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
