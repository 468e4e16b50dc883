/* A writer for exactly these objects. */
#include "shell/json.h"

#include "lib/utf8.h"
#include "shell/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What is no UTF-8 is U+FFFD, a byte of it. */
static void
put_text(struct sheet *sheet, const char *text)
{
	size_t len;
	uint32_t c;

	sheet_put(sheet, "\"");
	for (; *text != '\0'; text += len) {
		len = utf8_char(text, SIZE_MAX, &c);
		if (len == 0) {
			len = 1;
			c = 0xfffd;
		}
		if (c == '"' || c == '\\')
			sheet_format(sheet, "\\%c", (int)c);
		else if (c >= 0x20 && c < 0x7f)
			sheet_bytes(sheet, text, 1);
		else if (c < 0x10000)
			sheet_format(sheet, "\\u%04" PRIx32, c);
		else
			sheet_format(sheet, "\\u%04" PRIx32 "\\u%04" PRIx32,
			    0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
	}
	sheet_put(sheet, "\"");
}

/* ,"name": — no comma behind an opening bracket. */
static void
put_name(struct sheet *sheet, const char *name)
{
	char last = sheet->len > 0 ? sheet->text[sheet->len - 1] : '{';

	sheet_format(sheet, "%s\"%s\":", last == '{' || last == '[' ? "" : ",", name);
}

static void
put_comma(struct sheet *sheet)
{
	if (sheet->len > 0 && sheet->text[sheet->len - 1] != '[')
		sheet_put(sheet, ",");
}

/* "" as null, where a text may be missing. */
static void
put_string(struct sheet *sheet, const char *name, const char *text, bool may_miss)
{
	put_name(sheet, name);
	if (may_miss && text[0] == '\0')
		sheet_put(sheet, "null");
	else
		put_text(sheet, text);
}

static void
put_time(struct sheet *sheet, const char *name, uint64_t when)
{
	time_t time = (time_t)when;
	char text[32] = "";
	struct tm tm;

	if (when != 0 && gmtime_r(&time, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	put_string(sheet, name, text, true);
}

static void
put_port(struct sheet *sheet, const char *name, uint16_t port)
{
	put_name(sheet, name);
	if (port == 0)
		sheet_put(sheet, "null");
	else
		sheet_format(sheet, "%u", port);
}

static void
put_bool(struct sheet *sheet, const char *name, bool value)
{
	put_name(sheet, name);
	sheet_put(sheet, value ? "true" : "false");
}

static void
put_seat(struct sheet *sheet, const struct seat_row *seat)
{
	static const char *const states[] = {[PROTO_SEAT_NONE] = "",
	    [PROTO_SEAT_FREE] = "free",
	    [PROTO_SEAT_YOURS] = "yours",
	    [PROTO_SEAT_TAKEN] = "taken"};

	put_comma(sheet);
	sheet_put(sheet, "{");
	if (seat->vm != NULL)
		put_string(sheet, "vm", seat->vm, false);
	put_string(sheet, "seat", seat->seat, false);
	put_string(
	    sheet, "state", seat->state <= PROTO_SEAT_TAKEN ? states[seat->state] : "", true);
	put_string(sheet, "user", seat->user, true);
	put_time(sheet, "since", seat->since);
	if (seat->vm != NULL) {
		put_time(sheet, "until", seat->until);
		put_string(sheet, "advice", seat->advice, true);
	}
	sheet_put(sheet, "}");
}

static void
put_commands(
    struct sheet *sheet, const struct told *told, const struct vm_row *vm, struct ports *ports)
{
	static struct command command;

	put_name(sheet, "commands");
	sheet_put(sheet, "[");
	for (size_t i = 0; i < vm->right_count; i++) {
		if (!commands_make(told, vm, i, ports, &command))
			continue;
		put_comma(sheet);
		sheet_put(sheet, "{");
		put_string(sheet, "right", command.right, false);
		put_string(sheet, "run", command.run, false);
		put_string(sheet, "then", command.then, true);
		put_port(sheet, "local_port", command.local);
		sheet_put(sheet, "}");
	}
	sheet_put(sheet, "]");
}

static void
put_vm(
    struct sheet *sheet, const struct told *told, const struct vm_row *vm, struct ports *ports)
{
	put_comma(sheet);
	sheet_put(sheet, "{");
	put_string(sheet, "vm", vm->vm, false);
	put_string(sheet, "title", vm->title, true);
	put_string(sheet, "state", vm->state, true);
	put_time(sheet, "from", vm->from);
	put_time(sheet, "until", vm->until);
	put_name(sheet, "rights");
	sheet_put(sheet, "[");
	for (size_t i = 0; i < vm->right_count; i++) {
		put_comma(sheet);
		sheet_put(sheet, "{");
		put_string(sheet, "right", vm->rights[i].right, false);
		put_port(sheet, "port", vm->rights[i].port);
		sheet_put(sheet, "}");
	}
	sheet_put(sheet, "]");
	put_name(sheet, "seats");
	sheet_put(sheet, "[");
	for (size_t i = 0; i < vm->seat_count; i++)
		put_seat(sheet, &vm->seats[i]);
	sheet_put(sheet, "]");
	put_commands(sheet, told, vm, ports);
	sheet_put(sheet, "}");
}

void
json_vms(struct sheet *sheet, const struct told *told)
{
	static struct ports ports;
	char target[2048], *at;

	memset(&ports, 0, sizeof(ports));
	commands_target(told, target, sizeof(target));
	at = strrchr(target, '@');
	sheet_put(sheet, "{");
	put_string(sheet, "user", told->user, false);
	put_string(sheet, "gateway", at != NULL ? at + 1 : target, false);
	put_port(sheet, "port", told->port);
	put_string(sheet, "key", told->key, false);
	put_time(sheet, "time", told->now);
	put_bool(sheet, "shell", told->may_have_shell);
	put_name(sheet, "vms");
	sheet_put(sheet, "[");
	for (size_t i = 0; i < told->vm_count; i++)
		put_vm(sheet, told, &told->vms[i], &ports);
	sheet_put(sheet, "]}\n");
}

void
json_rights(struct sheet *sheet, const struct told *told)
{
	sheet_put(sheet, "{\"rights\":[");
	for (size_t i = 0; i < told->right_count; i++) {
		const struct right_row *row = &told->rights[i];

		put_comma(sheet);
		sheet_put(sheet, "{");
		put_string(sheet, "vm", row->vm, false);
		put_string(sheet, "right", row->right, true);
		put_bool(sheet, "allowed", row->is_allowed);
		put_string(sheet, "reason", row->why, false);
		put_time(sheet, "from", row->from);
		put_time(sheet, "until", row->until);
		sheet_put(sheet, "}");
	}
	sheet_put(sheet, "]}\n");
}

void
json_seats(struct sheet *sheet, const struct told *told)
{
	sheet_put(sheet, "{\"seats\":[");
	for (size_t i = 0; i < told->seat_count; i++)
		put_seat(sheet, &told->seats[i]);
	sheet_put(sheet, "]");
	put_string(sheet, "reason", told->right_count > 0 ? told->rights[0].why : "", true);
	sheet_put(sheet, "}\n");
}
