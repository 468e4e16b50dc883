/* One audit record: from the message to its line of JSON. */
#ifndef SALLYPORT_RECORDER_LINE_H
#define SALLYPORT_RECORDER_LINE_H

#include "lib/audit_field.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* No line is longer: AUDIT_FIELDS texts, each at most 4 * PROTO_TEXT_MAX characters
 * once escaped (longer ones are cut) and twice that in JSON, and the frame. */
#define LINE_MAX_LEN 262144

struct line_field {
	enum { LINE_NONE = 0, LINE_NUMBER, LINE_TEXT } kind;
	uint64_t number;     /* at most INT64_MAX */
	const uint8_t *text; /* points into the message */
	size_t len;          /* bytes */
};

struct line_record {
	struct line_field field[AUDIT_FIELDS];
};

/* What the recorder itself knows of a line. */
struct line_frame {
	uint64_t seq;
	struct timespec time; /* CLOCK_REALTIME */
	const char *host;
	const char *prev; /* 64 hexadecimal digits */
};

/* Reads the fields of PROTO_RECORD (u16 n and what follows, to the end) into
 * *record. 0; -EBADMSG for an unknown or double field or kind, for numbers
 * above INT64_MAX, and for missing or additional bytes. */
int line_parse(struct wire_in *in, struct line_record *record);

/* Puts a text of ours (static, or outliving *record) or a number in. */
void line_set_text(struct line_record *record, enum audit_field field, const char *text);
void line_set_number(struct line_record *record, enum audit_field field, uint64_t number);

/* The number if the field is one, else 0. */
uint64_t line_number(const struct line_record *record, enum audit_field field);

/* Whether the event is exactly that. */
bool line_is_event(const struct line_record *record, const char *event);

/* Writes the line, without a newline and without a NUL, into out[cap]. Its
 * length in *len. 0, -EMSGSIZE, -ENOMEM. */
int line_format(const struct line_record *record, const struct line_frame *frame, char *out,
    size_t cap, size_t *len);

#endif
