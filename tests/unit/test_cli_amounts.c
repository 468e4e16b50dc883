/* Bytes, times, rates and channels as people read them. */
#include "cli/amount.h"
#include "cli/audit_channels.h"
#include "cli/rates.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {{0, "0 B"}, {1, "1 B"}, {1023, "1023 B"}, {1024, "1.0 KiB"},
	    {1536, "1.5 KiB"}, {1048575, "1.0 MiB"}, {1048576, "1.0 MiB"},
	    {UINT64_C(5) << 30, "5.0 GiB"}, {UINT64_MAX, "16.0 EiB"}};
	char text[AMOUNT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		amount_size(text, cases[i].bytes);
		assert_string_equal(text, cases[i].text);
	}
}

static void
durations(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {{0, "0.0 s"}, {999, "0.9 s"}, {59999, "59.9 s"}, {60000, "1 min 0 s"},
	    {3599999, "59 min 59 s"}, {3600000, "1 h 0 min"}, {93784000, "26 h 3 min"}};
	char text[AMOUNT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		amount_duration(text, cases[i].ms);
		assert_string_equal(text, cases[i].text);
	}
	amount_duration(text, UINT64_MAX);
	assert_true(strlen(text) < AMOUNT_MAX - 1);
}

/* What audit_channels_put writes; "no" where it refuses. */
static void
expect_channels(const char *text, const char *wanted)
{
	char *got = NULL;
	size_t len;
	FILE *out = open_memstream(&got, &len);
	bool is_put;

	assert_non_null(out);
	is_put = audit_channels_put(out, text);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(is_put ? got : "no", wanted);
	assert_true(is_put || len == 0);
	free(got);
}

static void
channels(void **state)
{
	(void)state;
	expect_channels("main:0=200/2048/1500", " main:0 up 200 B down 2.0 KiB in 1.5 s");
	expect_channels("main:0=1/2/3 display:0=4/5/60000",
	    " main:0 up 1 B down 2 B in 0.0 s, display:0 up 4 B down 5 B in 1 min 0 s");
	expect_channels("main*1=1/2/3 display*60=4/5/60000",
	    " main*1 up 1 B down 2 B in 0.0 s, display*60 up 4 B down 5 B in 1 min 0 s");
}

static void
other_texts_stay(void **state)
{
	static const char *const texts[] = {"", " ", "main:0", "main:0=", "main:0=1/2",
	    "main:0=1/2/-", "main:0=--/2/3", "main:0=1/2/3/4", "main:0=1/2/x",
	    "main:0=1/2/3  x:0=1/2/3", "=1/2/3", "main:0=-1/2/3",
	    "main:0=99999999999999999999/2/3", "main:0=1/2/3 \x1b[2J",
	    "main:0=1/2/3 and 7 more", "\x1b:0=1/2/3"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_channels(texts[i], "no");
}

static void
add_channel(struct rows *rows, const char *id, const char *up, const char *down)
{
	struct rows_row *row = rows_add(rows);

	assert_non_null(row);
	assert_int_equal(rows_put(row, "id", id), 0);
	assert_int_equal(rows_put(row, "up", up), 0);
	assert_int_equal(rows_put(row, "down", down), 0);
}

static void
expect_row(const struct rows *rows, size_t i, const char *up, const char *down)
{
	assert_string_equal(rows_value(&rows->rows[i], "up_per_s"), up);
	assert_string_equal(rows_value(&rows->rows[i], "down_per_s"), down);
}

static void
rates_between_readings(void **state)
{
	struct rates rates = {0};
	struct rows rows = {0};

	(void)state;
	add_channel(&rows, "ch9", "100", "1000");
	add_channel(&rows, "ch10", "5", "6");
	add_channel(&rows, "ch2", "0", "0");
	assert_int_equal(rates_add(&rates, &rows, 10000), 0);
	for (size_t i = 0; i < 3; i++)
		expect_row(&rows, i, "", "");
	rows_free(&rows);

	add_channel(&rows, "ch11", "7", "7"); /* new; ch2 has gone */
	add_channel(&rows, "ch10", "5", "2006");
	add_channel(&rows, "ch9", "101", "999"); /* a count that went back is none */
	assert_int_equal(rates_add(&rates, &rows, 10500), 0);
	expect_row(&rows, 0, "", "");
	expect_row(&rows, 1, "0", "4000");
	expect_row(&rows, 2, "2", "0");
	assert_int_equal(rates_to_read(&rows), 0);
	assert_string_equal(rows_value(&rows.rows[1], "down"), "2.0 KiB");
	expect_row(&rows, 0, "", "");
	expect_row(&rows, 1, "0 B/s", "3.9 KiB/s");
	rows_free(&rows);

	assert_int_equal(rates_add(&rates, &rows, 10600), 0); /* nothing passes */
	add_channel(&rows, "ch11", "7", "7");
	assert_int_equal(rates_add(&rates, &rows, 10600), 0); /* no time between them */
	expect_row(&rows, 0, "", "");
	rows_free(&rows);
	rates_free(&rates);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sizes), cmocka_unit_test(durations),
	    cmocka_unit_test(channels), cmocka_unit_test(other_texts_stay),
	    cmocka_unit_test(rates_between_readings)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
