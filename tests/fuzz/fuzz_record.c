/* Any bytes as the fields of a record: what is taken becomes one printable line
 * that the reader of the audit file takes apart again, with nothing added to it. */
#include "cli/audit_line.h"
#include "recorder/line.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void
check_back(const struct line_record *record, const char *line, size_t len)
{
	struct audit_record back;

	for (size_t i = 0; i < len; i++)
		require(line[i] >= 0x20 && line[i] < 0x7f);
	if (record->field[AUDIT_EVENT].kind != LINE_TEXT)
		return;
	require(audit_line_parse(line, len, &back) == 0);
	require(
	    back.seq == 7 && strcmp(back.host, "gw1") == 0 && strcmp(back.prev, ZEROS) == 0);
	for (size_t i = 0; i < AUDIT_FIELDS; i++) {
		const struct line_field *field = &record->field[i];
		require(back.field[i].is_number == (field->kind == LINE_NUMBER));
		if (field->kind == LINE_NUMBER)
			require((uint64_t)back.field[i].number == field->number);
		if (field->kind == LINE_TEXT && i != AUDIT_SSH_KEY)
			require(back.field[i].text != NULL);
		if (field->kind == LINE_NONE)
			require(back.field[i].text == NULL);
	}
	audit_line_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[LINE_MAX_LEN];
	const struct line_frame frame = {.seq = 7, .host = "gw1", .prev = ZEROS};
	struct line_record record;
	struct wire_in in;
	size_t len;

	if (size > 65536)
		return 0;
	wire_in_init(&in, data, size);
	if (line_parse(&in, &record) < 0)
		return 0;
	require(line_format(&record, &frame, line, sizeof(line), &len) == 0);
	check_back(&record, line, len);
	return 0;
}
