/* The relay's list of pairs, and who has something to tell. */
#include "relay/table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
end_in(struct table *table, uint32_t channel)
{
	struct pair *p = table_find(table, channel);

	pair_end(p, PROTO_ENDED_STOPPED);
	table_note(table, p);
}

static void
test_table(void **state)
{
	static struct table table;
	struct pair *p;

	(void)state;
	table_init(&table);
	for (uint32_t i = 0; i < 10000; i++) {
		p = pair_new_ended(i);
		assert_non_null(p);
		p->has_ended = false;
		p->idle_s = i % 2 == 0 ? i + 1 : 0;
		table_add(&table, p);
	}
	assert_int_equal(table.live, 10000);
	assert_in_range(table.sweep_ms, 1000, 1500);
	assert_null(table_find(&table, 10000));
	end_in(&table, 4097);
	end_in(&table, 1);
	assert_null(table_find(&table, 4097));
	assert_non_null(table_find(&table, 8193));
	assert_int_equal(table_telling(&table)->channel, 4097);
	table_told(&table);
	assert_int_equal(table_telling(&table)->channel, 1);
	table_told(&table);
	assert_null(table_telling(&table));
	table_told(&table);
	table_sweep(&table, 999);
	assert_null(table_telling(&table));
	table_sweep(&table, 3000); /* 0 and 2, not 4 */
	assert_int_equal(table.live, 9996);
	assert_in_range(table.sweep_ms, 5000, 5500);
	table_sweep(&table, INT64_MAX - 1);
	assert_int_equal(table.live, 4998);
	assert_int_equal(table.sweep_ms, INT64_MAX);
	for (uint32_t i = 0; i < 10000; i++)
		if (table_find(&table, i) != NULL)
			end_in(&table, i);
	while (table_telling(&table) != NULL)
		table_told(&table);
	assert_int_equal(table.live, 0);
}

/* One that lives on is told of, and stays; in the queue it stands once. */
static void
test_table_tells(void **state)
{
	static struct table table;
	struct pair *one = pair_new_ended(1), *two = pair_new_ended(2);

	(void)state;
	table_init(&table);
	assert_true(one != NULL && two != NULL);
	one->has_ended = two->has_ended = false;
	table_add(&table, one);
	table_add(&table, two);
	table_note(&table, one);
	assert_null(table_telling(&table));
	two->tells = PAIR_TELLS_SESSION;
	table_note(&table, two);
	one->tells = PAIR_TELLS_GREETED;
	table_note(&table, one);
	end_in(&table, 2);
	assert_ptr_equal(table_telling(&table), two);
	table_told(&table);
	assert_ptr_equal(table_telling(&table), one);
	one->tells = 0;
	table_told(&table);
	assert_null(table_telling(&table));
	assert_ptr_equal(table_find(&table, 1), one);
	end_in(&table, 1);
	table_told(&table);
	assert_null(table_telling(&table));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_table_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
