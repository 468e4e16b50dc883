/* Records that wait: in order, bounded, and denials never at the price of ends. */
#include "daemon/backlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
in_order_whatever_is_put_back(void **state)
{
	struct backlog backlog;
	struct backlog_record *record;

	(void)state;
	backlog_init(&backlog);
	assert_null(backlog_pop(&backlog));
	for (uint8_t i = 0; i < 5; i++)
		backlog_push(&backlog, &i, 1, i % 2, 100 + i);
	for (uint8_t i = 0; i < 5; i++) {
		record = backlog_pop(&backlog);
		backlog_unpop(&backlog, record);
		record = backlog_pop(&backlog);
		assert_int_equal(record->bytes[0], i);
		assert_int_equal(record->at, 100 + i);
		assert_int_equal(record->is_end, i % 2);
		free(record);
		if (i == 2) /* meanwhile */
			backlog_push(&backlog, "\5", 1, false, 105);
	}
	record = backlog_pop(&backlog);
	assert_int_equal(record->bytes[0], 5);
	backlog_unpop(&backlog, record);
	backlog_push(&backlog, "\6", 1, false, 106); /* behind the only one */
	free(backlog_pop(&backlog));
	record = backlog_pop(&backlog);
	assert_int_equal(record->bytes[0], 6);
	free(record);
	assert_int_equal(backlog.count, 0);
	assert_int_equal(backlog.bytes, 0);
	backlog_free(&backlog);
}

static void
denials_leave_room_for_ends(void **state)
{
	struct backlog backlog;

	(void)state;
	backlog_init(&backlog);
	for (int i = 0; i < 2 * BACKLOG_RECORDS_MAX; i++)
		backlog_push(&backlog, "deny", 4, false, 1);
	assert_int_equal(backlog.count, BACKLOG_RECORDS_MAX / 4 * 3);
	assert_int_equal(backlog.lost_denials, BACKLOG_RECORDS_MAX / 4 * 5);
	for (int i = 0; i < BACKLOG_RECORDS_MAX; i++)
		backlog_push(&backlog, "end", 3, true, 1);
	assert_int_equal(backlog.count, BACKLOG_RECORDS_MAX);
	assert_int_equal(backlog.lost_ends, BACKLOG_RECORDS_MAX / 4 * 3);
	backlog_free(&backlog);
	assert_int_equal(backlog.count, 0);
}

static void
bytes_are_bounded(void **state)
{
	static uint8_t large[60000];
	struct backlog backlog;

	(void)state;
	backlog_init(&backlog);
	for (int i = 0; i < 200; i++)
		backlog_push(&backlog, large, sizeof(large), true, 1);
	assert_true(backlog.bytes <= BACKLOG_BYTES_MAX);
	assert_int_equal(backlog.count + backlog.lost_ends, 200);
	backlog_free(&backlog);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order_whatever_is_put_back),
	    cmocka_unit_test(denials_leave_room_for_ends),
	    cmocka_unit_test(bytes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
