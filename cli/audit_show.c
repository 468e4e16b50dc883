/* One record, one line. */
#include "cli/audit_show.h"

#include "cli/amount.h"
#include "cli/audit_channels.h"
#include "cli/audit_line.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* The recorder escaped foreign bytes already; what is not printable here was
 * put into the file by somebody else. */
static void
put_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c >= 0x20 && c < 0x7f)
			putc(c, out);
		else
			fprintf(out, "\\x%02x", c);
	}
}

static void
put_time(FILE *out, const char *text)
{
	struct tm utc = {0}, local;
	char day[64] = "";
	time_t at;

	if (strptime(text, "%Y-%m-%dT%H:%M:%S", &utc) != NULL) {
		at = timegm(&utc);
		if (localtime_r(&at, &local) != NULL)
			strftime(day, sizeof(day), "%a %Y-%m-%d %H:%M:%S", &local);
	}
	put_text(out, day[0] != '\0' ? day : text);
}

/* In a record that somebody else wrote a number may be below 0. */
static uint64_t
amount(const struct audit_value *value)
{
	return value->number > 0 ? (uint64_t)value->number : 0;
}

/* " WORD value", nothing when the record has no such field. */
static void
put_field(FILE *out, const char *word, const struct audit_value *value)
{
	if (value->text == NULL && !value->is_number)
		return;
	fprintf(out, " %s%s", word, *word != '\0' ? " " : "");
	if (value->is_number)
		fprintf(out, "%" PRId64, value->number);
	else
		put_text(out, value->text);
}

/* allow: granted (vm_mappings:6) */
static void
put_verdict(FILE *out, const struct audit_record *record)
{
	const struct audit_value *field = record->field;

	put_field(out, "", &field[AUDIT_VERDICT]);
	if (field[AUDIT_REASON].text != NULL) {
		fputs(field[AUDIT_VERDICT].text != NULL ? ": " : " ", out);
		put_text(out, field[AUDIT_REASON].text);
	}
	if (field[AUDIT_LINE].text != NULL) {
		fputs(" (", out);
		put_text(out, field[AUDIT_LINE].text);
		putc(')', out);
	}
}

static void
put_amounts(FILE *out, const struct audit_record *record)
{
	const struct audit_value *field = record->field;
	char text[AMOUNT_MAX];

	if (field[AUDIT_BYTES_UP].is_number) {
		amount_size(text, amount(&field[AUDIT_BYTES_UP]));
		fprintf(out, " up %s", text);
	}
	if (field[AUDIT_BYTES_DOWN].is_number) {
		amount_size(text, amount(&field[AUDIT_BYTES_DOWN]));
		fprintf(out, " down %s", text);
	}
	if (field[AUDIT_DURATION_MS].is_number) {
		amount_duration(text, amount(&field[AUDIT_DURATION_MS]));
		fprintf(out, " in %s", text);
	}
	if (field[AUDIT_COUNT].is_number)
		fprintf(out, " %" PRId64 " times", field[AUDIT_COUNT].number);
}

/* Of a console's close, behind its sums: "; main:0 up …, display:0 up …". */
static void
put_channels(FILE *out, const struct audit_value *channels)
{
	if (channels->text == NULL || strchr(channels->text, '=') == NULL)
		return;
	putc(';', out);
	if (!audit_channels_put(out, channels->text))
		put_field(out, "", channels);
}

static void
show_record(FILE *out, const struct audit_record *record)
{
	const struct audit_value *field = record->field;

	put_time(out, record->time);
	fprintf(out, "  %6" PRId64 " ", record->seq);
	put_field(out, "", &field[AUDIT_EVENT]);
	put_field(out, "", &field[AUDIT_USER]);
	put_field(out, "", &field[AUDIT_VM]);
	put_field(out, "", &field[AUDIT_RIGHT]);
	put_verdict(out, record);
	put_field(out, "key", &field[AUDIT_KEY]);
	put_field(out, "from", &field[AUDIT_SOURCE]);
	put_field(out, "", &field[AUDIT_CONN]);
	put_field(out, "", &field[AUDIT_CHANNEL]);
	put_field(out, "pid", &field[AUDIT_PID]);
	if (field[AUDIT_CHANNELS].text != NULL &&
	    strchr(field[AUDIT_CHANNELS].text, '=') == NULL)
		put_field(out, "", &field[AUDIT_CHANNELS]);
	put_amounts(out, record);
	put_channels(out, &field[AUDIT_CHANNELS]);
	put_field(out, "-", &field[AUDIT_DETAIL]);
	putc('\n', out);
}

static bool
is_printable(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] >= 0x7f)
			return false;
	return true;
}

int
audit_show_line(
    FILE *out, bool json, const struct audit_record *record, const char *line, size_t len)
{
	if (record == NULL || (json && !is_printable(line, len))) {
		fputs(json ? "{\"no_record\":null}\n" : "a line that is not an audit record\n",
		    out);
		return -EBADMSG;
	}
	if (json)
		fprintf(out, "%.*s\n", (int)len, line);
	else
		show_record(out, record);
	return 0;
}

static int
show_line(FILE *out, bool json, const struct audit_lines *lines, const char *line, size_t len)
{
	struct audit_record record;
	int err = audit_line_parse(line, len, &record);

	if (err < 0 || (json && !is_printable(line, len))) {
		audit_line_free(&record);
		fprintf(out,
		    json ? "{\"no_record_at_line\":%" PRIu64 "}\n"
			 : "line %" PRIu64 " is not an audit record\n",
		    lines->number);
		return -EBADMSG;
	}
	err = audit_show_line(out, json, &record, line, len);
	audit_line_free(&record);
	return err;
}

int
audit_show(const char *path, bool json, FILE *out)
{
	struct audit_lines lines;
	int n = audit_line_open(&lines, path), result = 0;
	const char *line;
	size_t len;

	while (n >= 0 && (n = audit_line_next(&lines, &line, &len)) > 0)
		if (show_line(out, json, &lines, line, len) < 0)
			result = -EBADMSG;
	audit_line_close(&lines);
	return n < 0 ? n : result;
}
