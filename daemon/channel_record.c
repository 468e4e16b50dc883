/* Packs the records. */
#include "daemon/channel_record.h"

#include "daemon/denial.h"
#include "lib/io.h"

#include <stdio.h>

static void
put_names(struct audit *audit, const struct channel *ch)
{
	char id[16];

	snprintf(id, sizeof(id), "ch%u", ch->id);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, ch->vm);
	audit_text(audit, AUDIT_RIGHT, ch->granted != NULL ? ch->granted : ch->right);
}

int
channel_record_open(
    const struct channel *ch, const struct conn *conn, audit_done_fn *fn, void *arg)
{
	struct audit *audit = ch->gw->audit;

	audit_begin(audit, "open");
	audit_conn(audit, conn);
	put_names(audit, ch);
	audit_text(audit, AUDIT_VERDICT, "allow");
	audit_text(audit, AUDIT_LINE, ch->line);
	return audit_end_durable(audit, fn, arg);
}

void
channel_record_close(const struct channel *ch, const char *reason, uint64_t up, uint64_t down)
{
	struct audit *audit = ch->gw->audit;

	audit_begin(audit, "close");
	audit_text(audit, AUDIT_USER, ch->user);
	audit_number(audit, AUDIT_UID, ch->uid);
	put_names(audit, ch);
	audit_text(audit, AUDIT_REASON, reason);
	audit_number(audit, AUDIT_BYTES_UP, up);
	audit_number(audit, AUDIT_BYTES_DOWN, down);
	audit_number(audit, AUDIT_DURATION_MS, (uint64_t)(io_now_ms() - ch->opened_ms));
	audit_end_noted(audit);
}

void
channel_record_console(struct audit *audit, const struct console *console)
{
	char id[16], list[PROTO_TEXT_MAX + 32];

	snprintf(id, sizeof(id), "ch%u", console->id);
	snprintf(list, sizeof(list), "%s", console->list);
	if (console->unlisted > 0)
		snprintf(
		    list, sizeof(list), "%s and %u more", console->list, console->unlisted);
	audit_begin(audit, "close");
	audit_text(audit, AUDIT_USER, console->user);
	audit_number(audit, AUDIT_UID, console->uid);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, console->vm);
	audit_text(audit, AUDIT_RIGHT, console->right);
	audit_text(audit, AUDIT_REASON, console->reason);
	audit_number(audit, AUDIT_BYTES_UP, console->up);
	audit_number(audit, AUDIT_BYTES_DOWN, console->down);
	audit_number(audit, AUDIT_DURATION_MS, (uint64_t)(io_now_ms() - console->opened_ms));
	audit_text(audit, AUDIT_CHANNELS, list);
	audit_end_noted(audit);
}

void
channel_record_seat(const struct channel *ch, const struct conn *conn,
    const struct console *holder, const char *how)
{
	struct audit *audit = ch->gw->audit;
	char detail[PROTO_NAME_MAX + 64];

	snprintf(
	    detail, sizeof(detail), "%s, c%u, ch%u", holder->user, holder->conn_id, holder->id);
	audit_begin(audit, "seat");
	audit_conn(audit, conn);
	put_names(audit, ch);
	audit_text(audit, AUDIT_REASON, how);
	audit_text(audit, AUDIT_LINE, ch->line);
	audit_text(audit, AUDIT_DETAIL, detail);
	audit_end_noted(audit);
}

void
channel_record_deny(const struct channel *ch, const struct conn *conn, const char *reason)
{
	const struct spice_kind *kind = spice_kind_find(ch->type);
	char link[32] = "";

	if (ch->type != 0)
		snprintf(link, sizeof(link), "%s:%u", kind != NULL ? kind->name : "unknown",
		    ch->type_id);
	denial_record_link(ch->gw->audit, conn, ch->vm, ch->right, ch->line, reason, link);
}
