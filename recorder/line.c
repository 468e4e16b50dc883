/* Fields to JSON, by hand: it is on the way of each access. Whatever a text holds, the
 * line is printable ASCII, because escape_bytes leaves nothing else. */
#include "recorder/line.h"

#include "lib/escape.h"
#include "lib/proto.h"
#include "recorder/fingerprint.h"

#include <errno.h>
#include <inttypes.h>
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

/* --- writing: into out[cap], of which len is used; what does not fit fails --- */

struct text {
	char *out;
	size_t cap, len;
	bool is_full;
};

static void
put(struct text *t, const char *bytes, size_t len)
{
	if (t->is_full || len > t->cap - t->len) {
		t->is_full = true;
		return;
	}
	memcpy(t->out + t->len, bytes, len);
	t->len += len;
}

/* A string of printable ASCII: of that JSON wants two characters escaped. */
static void
put_string(struct text *t, const char *text)
{
	put(t, "\"", 1);
	while (*text != '\0') {
		size_t n = strcspn(text, "\"\\");
		put(t, text, n);
		text += n;
		if (*text != '\0') {
			put(t, "\\", 1);
			put(t, text++, 1);
		}
	}
	put(t, "\"", 1);
}

static void
put_name(struct text *t, const char *name)
{
	put(t, t->len == 0 ? "{" : ",", 1);
	put_string(t, name);
	put(t, ":", 1);
}

static void
put_number(struct text *t, uint64_t number)
{
	char digits[24];

	put(t, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, number));
}

static void
put_escaped(struct text *t, const uint8_t *text, size_t len)
{
	char escaped[4 * PROTO_TEXT_MAX + 1];

	put_string(t, escape_bytes(escaped, sizeof(escaped), text, len));
}

static void
put_field(struct text *t, enum audit_field number, const struct line_field *field)
{
	char fingerprint[FINGERPRINT_MAX];

	if (field->kind == LINE_NUMBER)
		put_number(t, field->number);
	else if (number != AUDIT_SSH_KEY)
		put_escaped(t, field->text, field->len);
	else if (fingerprint_of(field->text, field->len, fingerprint) < 0)
		put(t, "null", 4);
	else
		put_string(t, fingerprint);
}

static void
put_time(struct text *t, const struct timespec *when)
{
	char day[32], text[64];
	struct tm tm;

	gmtime_r(&when->tv_sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06ldZ", day, when->tv_nsec / 1000);
	put_string(t, text);
}

int
line_format(const struct line_record *record, const struct line_frame *frame, char *out,
    size_t cap, size_t *len)
{
	struct text t = {.out = out, .cap = cap};

	put_name(&t, "seq");
	put_number(&t, frame->seq);
	put_name(&t, "time");
	put_time(&t, &frame->time);
	put_name(&t, "host");
	put_escaped(&t, (const uint8_t *)frame->host, strlen(frame->host));
	for (unsigned int i = 0; i < AUDIT_FIELDS; i++) {
		if (record->field[i].kind == LINE_NONE)
			continue;
		put_name(&t, audit_field_name(i));
		put_field(&t, (enum audit_field)i, &record->field[i]);
	}
	put_name(&t, "prev");
	put_string(&t, frame->prev);
	put(&t, "}", 1);
	*len = t.len;
	return t.is_full ? -EMSGSIZE : 0;
}
