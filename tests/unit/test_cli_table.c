/* Rows on the terminal and in JSON. */
#include "cli/explained.h"
#include "cli/json.h"
#include "cli/printable.h"
#include "cli/rows.h"
#include "cli/table.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
put(struct rows *rows, const char *const *pairs)
{
	struct rows_row *row = rows_add(rows);

	assert_non_null(row);
	for (; pairs[0] != NULL; pairs += 2)
		assert_int_equal(rows_put(row, pairs[0], pairs[1]), 0);
}
#define PUT(rows, ...) put((rows), (const char *const[]){__VA_ARGS__, NULL, NULL})

typedef void
form(FILE *out, const struct rows *rows);

static void
expect(form *print, struct rows *rows, const char *wanted)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	print(out, rows);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, wanted);
	free(text);
	rows_free(rows);
}

static void
as_json(FILE *out, const struct rows *rows)
{
	assert_int_equal(json_print(out, rows), 0);
}

static void
aligned(void **state)
{
	struct rows rows = {0};

	(void)state;
	PUT(&rows, "vm", "books", "address", "127.90.0.1", "title", "");
	PUT(&rows, "vm", "webdevelopment", "address", "", "title", "web server");
	expect(table_print, &rows,
	    "VM              ADDRESS     TITLE\n"
	    "books           127.90.0.1\n"
	    "webdevelopment              web server\n");
}

static void
unknown_keys_print(void **state)
{
	struct rows rows = {0};

	(void)state;
	PUT(&rows, "id", "c1", "user", "anne");
	PUT(&rows, "user", "bob", "id", "c22", "new", "thing");
	expect(table_print, &rows,
	    "ID   USER\n"
	    "c1   anne\n"
	    "c22  bob   new=thing\n");
}

static void
nothing_for_no_rows(void **state)
{
	struct rows rows = {0};

	(void)state;
	expect(table_print, &rows, "");
	expect(table_print_list, &rows, "");
	expect(as_json, &rows, "[]\n");
}

static void
list_form(void **state)
{
	struct rows rows = {0};

	(void)state;
	PUT(&rows, "pid", "12", "audit_seq", "7", "changed", "");
	expect(table_print_list, &rows,
	    "pid        12\n"
	    "audit_seq  7\n"
	    "changed\n");
}

static void
terminal_obeys_nothing(void **state)
{
	struct rows rows = {0};

	(void)state;
	PUT(&rows, "a", "x\033[2Jy", "b", "\342\200\256z");
	PUT(&rows, "a", "\xc3\xa4\xff", "b", "1\r2");
	expect(table_print, &rows,
	    "A          B\n"
	    "x\\x1b[2Jy  \\xe2\\x80\\xaez\n"
	    "\xc3\xa4\\xff      1\\x0d2\n");
}

static void
utf8_is_strict(void **state)
{
	(void)state;
	assert_int_equal(printable_char("a"), 1);
	assert_int_equal(printable_char("\xc3\xa4"), 2);
	assert_int_equal(printable_char("\xe2\x82\xac"), 3);
	assert_int_equal(printable_char("\xf0\x9f\x98\x80"), 4);
	assert_int_equal(printable_char("\xc0\xaf"), 0);         /* overlong */
	assert_int_equal(printable_char("\xe0\x80\x9b"), 0);     /* overlong ESC */
	assert_int_equal(printable_char("\xed\xa0\x80"), 0);     /* surrogate */
	assert_int_equal(printable_char("\xf4\x90\x80\x80"), 0); /* above U+10FFFF */
	assert_int_equal(printable_char("\xe2\x82"), 0);         /* cut */
	assert_int_equal(printable_char("\xc2\x9b"), 0);         /* CSI as C1 */
	assert_int_equal(printable_char("\177"), 0);
}

static void
json_is_exact(void **state)
{
	struct rows rows = {0};

	(void)state;
	PUT(&rows, "a", "\"q\"\\\n\033", "b", "\xc3\xa4");
	PUT(&rows, "a", "\377x", "b", "");
	expect(as_json, &rows,
	    "[\n {\"a\": \"\\\"q\\\"\\\\\\n\\u001B\", \"b\": \"\xc3\xa4\"},\n"
	    " {\"a\": \"\\\\xffx\", \"b\": \"\"}\n]\n");
}

static void
explained(void **state)
{
	struct rows rows = {0};

	(void)state;
	PUT(&rows, "verdict", "deny", "reason", "no grant covers it", "line", "vm_mappings:6",
	    "text", "maggie webdev spice Mon,Tue", "next", "Mon 2026-11-23 00:00:00",
	    "next_epoch", "1", "extra", "word");
	PUT(&rows, "verdict", "allow", "reason", "granted", "line", "", "text", "", "next",
	    "Thu 2026-11-26 00:00:01");
	PUT(&rows, "verdict", "deny", "reason", "no such VM", "next", "");
	expect(explained_print, &rows,
	    "deny   no grant covers it; next allowed Mon 2026-11-23 00:00\n"
	    "       vm_mappings:6  maggie webdev spice Mon,Tue\n"
	    "       extra  word\n"
	    "allow  granted; until Thu 2026-11-26 00:00:01\n"
	    "deny   no such VM\n");
}

/* What the daemon sends; and what it must not send. */
static void
unpack(void **state)
{
	uint8_t buf[256];
	struct wire_out out;
	struct wire_in in;
	struct rows rows = {0};

	(void)state;
	wire_out_init(&out, buf, sizeof(buf));
	wire_put_u16(&out, 2);
	wire_put_str(&out, "id");
	wire_put_str(&out, "c1");
	wire_put_str(&out, "user");
	wire_put_str(&out, "");
	wire_in_init(&in, buf, out.len);
	assert_int_equal(rows_unpack(&rows, &in), 0);
	assert_string_equal(rows_value(&rows.rows[0], "id"), "c1");
	assert_string_equal(rows_value(&rows.rows[0], "none"), "");
	for (size_t len = 0; len < out.len; len++) {
		wire_in_init(&in, buf, len);
		assert_int_not_equal(rows_unpack(&rows, &in), 0);
	}
	wire_put_u8(&out, 0);
	wire_in_init(&in, buf, out.len);
	assert_int_not_equal(rows_unpack(&rows, &in), 0);
	rows_free(&rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(aligned),
	    cmocka_unit_test(unknown_keys_print),
	    cmocka_unit_test(nothing_for_no_rows),
	    cmocka_unit_test(list_form),
	    cmocka_unit_test(terminal_obeys_nothing),
	    cmocka_unit_test(utf8_is_strict),
	    cmocka_unit_test(json_is_exact),
	    cmocka_unit_test(explained),
	    cmocka_unit_test(unpack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
