/* Fields to JSON. Whatever a text holds, the line is printable ASCII. */
#include "recorder/line.h"

#include "lib/escape.h"
#include "lib/proto.h"
#include "recorder/fingerprint.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static int
parse_field(struct wire_in *in, struct line_record *record)
{
	unsigned int number = wire_get_u8(in);
	unsigned int kind = wire_get_u8(in);
	struct line_field *field;

	if (in->failed || number >= AUDIT_FIELDS || kind > 1)
		return -EBADMSG;
	field = &record->field[number];
	if (field->kind != LINE_NONE)
		return -EBADMSG;
	if (kind == 1) {
		field->kind = LINE_TEXT;
		wire_get_bytes(in, &field->text, &field->len);
		return 0;
	}
	field->kind = LINE_NUMBER;
	field->number = wire_get_u64(in);
	return field->number > INT64_MAX ? -EBADMSG : 0;
}

int
line_parse(struct wire_in *in, struct line_record *record)
{
	size_t n = wire_get_u16(in);

	*record = (struct line_record){0};
	for (size_t i = 0; i < n; i++)
		if (parse_field(in, record) < 0)
			return -EBADMSG;
	return wire_end(in);
}

void
line_set_text(struct line_record *record, enum audit_field field, const char *text)
{
	record->field[field] = (struct line_field){
	    .kind = LINE_TEXT, .text = (const uint8_t *)text, .len = strlen(text)};
}

void
line_set_number(struct line_record *record, enum audit_field field, uint64_t number)
{
	record->field[field] = (struct line_field){.kind = LINE_NUMBER, .number = number};
}

uint64_t
line_number(const struct line_record *record, enum audit_field field)
{
	return record->field[field].kind == LINE_NUMBER ? record->field[field].number : 0;
}

bool
line_is_event(const struct line_record *record, const char *event)
{
	const struct line_field *field = &record->field[AUDIT_EVENT];

	return field->kind == LINE_TEXT && field->len == strlen(event) &&
	       memcmp(field->text, event, field->len) == 0;
}

static json_t *
text_value(const uint8_t *text, size_t len)
{
	char escaped[4 * PROTO_TEXT_MAX + 1];

	return json_string(escape_bytes(escaped, sizeof(escaped), text, len));
}

static json_t *
field_value(enum audit_field number, const struct line_field *field)
{
	char fingerprint[FINGERPRINT_MAX];

	if (field->kind == LINE_NUMBER)
		return json_integer((json_int_t)field->number);
	if (number != AUDIT_SSH_KEY)
		return text_value(field->text, field->len);
	if (fingerprint_of(field->text, field->len, fingerprint) < 0)
		return json_null();
	return json_string(fingerprint);
}

static json_t *
time_value(const struct timespec *when)
{
	char day[32], text[64];
	struct tm tm;

	gmtime_r(&when->tv_sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06ldZ", day, when->tv_nsec / 1000);
	return json_string(text);
}

/* Takes value; NULL is an error, as is a failed insertion. */
static bool
add(json_t *line, const char *name, json_t *value)
{
	return json_object_set_new(line, name, value) == 0;
}

int
line_format(const struct line_record *record, const struct line_frame *frame, char *out,
    size_t cap, size_t *len)
{
	json_t *line = json_object();
	int err = -ENOMEM;
	bool ok;

	ok = add(line, "seq", json_integer((json_int_t)frame->seq)) &&
	     add(line, "time", time_value(&frame->time)) &&
	     add(line, "host", text_value((const uint8_t *)frame->host, strlen(frame->host)));
	for (unsigned int i = 0; ok && i < AUDIT_FIELDS; i++)
		if (record->field[i].kind != LINE_NONE)
			ok = add(line, audit_field_name(i),
			    field_value((enum audit_field)i, &record->field[i]));
	if (!ok || !add(line, "prev", json_string(frame->prev)))
		goto out;
	*len = json_dumpb(line, out, cap, JSON_COMPACT | JSON_ENSURE_ASCII);
	err = *len == 0 ? -ENOMEM : *len > cap ? -EMSGSIZE : 0;
out:
	json_decref(line);
	return err;
}
