/* Packs rows. */
#include "daemon/row.h"

#include "lib/proto.h"

#include <stdarg.h>
#include <stdio.h>

void
row_begin(struct row *row, struct caller *caller)
{
	*row = (struct row){.caller = caller, .out = door_begin(caller, PROTO_ADMIN_ROW)};
	row->count_at = row->out->len;
	wire_put_u16(row->out, 0);
}

void
row_text(struct row *row, const char *key, const char *value)
{
	wire_put_str(row->out, key);
	wire_put_str(row->out, value);
	row->count++;
}

void
row_format(struct row *row, const char *key, const char *format, ...)
{
	char value[PROTO_TEXT_MAX + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	row_text(row, key, value);
}

void
row_time(struct row *row, const char *key, time_t when)
{
	char value[32] = "";
	struct tm tm;

	if (when != 0 && localtime_r(&when, &tm) != NULL)
		strftime(value, sizeof(value), "%a %Y-%m-%d %H:%M:%S", &tm);
	row_text(row, key, value);
}

bool
row_send(struct row *row)
{
	if (!row->out->failed) {
		row->out->buf[row->count_at] = (uint8_t)(row->count >> 8);
		row->out->buf[row->count_at + 1] = (uint8_t)row->count;
	}
	return door_send(row->caller, false) == 0;
}

void
row_end(struct caller *caller, uint8_t exit_status, const char *text)
{
	struct wire_out *out = door_begin(caller, PROTO_ADMIN_END);

	wire_put_u8(out, exit_status);
	wire_put_str(out, text);
	(void)door_send(caller, true);
}
