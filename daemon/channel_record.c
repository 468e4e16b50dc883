/* Packs the records. */
#include "daemon/channel_record.h"

#include "daemon/denial.h"
#include "lib/io.h"

#include <stdio.h>

/* Kinds of channels that need a right besides the console's. */
#define OWN_RIGHTS (SPICE_MAY_MIC | SPICE_MAY_USB | SPICE_MAY_SMARTCARD | SPICE_MAY_SHARE)

static void
put_names(struct audit *audit, const struct channel *ch)
{
	char id[16];

	snprintf(id, sizeof(id), "ch%u", ch->id);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, ch->vm);
	audit_text(audit, AUDIT_RIGHT, ch->granted != NULL ? ch->granted : ch->right);
}

/* At an end the connection may be gone; its number leads to all else that was known. */
static void
put_user(struct audit *audit, const char *user, uid_t uid, uint32_t conn_id)
{
	char id[16];

	snprintf(id, sizeof(id), "c%u", conn_id);
	audit_text(audit, AUDIT_USER, user);
	audit_number(audit, AUDIT_UID, uid);
	audit_text(audit, AUDIT_CONN, id);
}

/* "main:0"; "" for what is no SPICE channel. */
static void
format_link(const struct channel *ch, char *text, size_t cap)
{
	const struct spice_kind *kind = spice_kind_find(ch->type);

	text[0] = '\0';
	if (ch->type != 0)
		snprintf(
		    text, cap, "%s:%u", kind != NULL ? kind->name : "unknown", ch->type_id);
}

/* Left out where nobody knows them: 0 would be a lie. */
static void
put_bytes(struct audit *audit, uint64_t up, uint64_t down)
{
	if (up != CONSOLE_UNCOUNTED)
		audit_number(audit, AUDIT_BYTES_UP, up);
	if (down != CONSOLE_UNCOUNTED)
		audit_number(audit, AUDIT_BYTES_DOWN, down);
}

int
channel_record_open(
    const struct channel *ch, const struct conn *conn, audit_done_fn *fn, void *arg)
{
	struct audit *audit = ch->gw->audit;
	char link[32];
	int err;

	format_link(ch, link, sizeof(link));
	audit_begin(audit, "open");
	audit_conn(audit, conn);
	put_names(audit, ch);
	audit_text(audit, AUDIT_CHANNELS, link);
	audit_text(audit, AUDIT_VERDICT, "allow");
	audit_text(audit, AUDIT_LINE, ch->line);
	err = audit_end_durable(audit, fn, arg);
	if (err == 0)
		kept_channels_add(
		    ch->gw->kept, &(struct kept_channel){.id = ch->id,
				      .conn_id = ch->conn_id,
				      .uid = ch->uid,
				      .user = ch->user,
				      .vm = ch->vm,
				      .right = ch->granted != NULL ? ch->granted : ch->right});
	return err;
}

int
channel_record_lost(
    struct audit *audit, const struct kept_channel *channel, audit_done_fn *fn, void *arg)
{
	char id[16];

	snprintf(id, sizeof(id), "ch%u", channel->id);
	audit_begin(audit, "close");
	put_user(audit, channel->user, channel->uid, channel->conn_id);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, channel->vm);
	audit_text(audit, AUDIT_RIGHT, channel->right);
	audit_text(audit, AUDIT_REASON, "the daemon was killed; bytes unknown");
	return audit_end_durable(audit, fn, arg);
}

void
channel_record_join(const struct channel *ch)
{
	struct audit *audit = ch->gw->audit;
	char id[16], link[32];

	if (ch->console == NULL || (ch->needs & OWN_RIGHTS) == 0)
		return;
	snprintf(id, sizeof(id), "ch%u", ch->console->id);
	format_link(ch, link, sizeof(link));
	audit_begin(audit, "join");
	put_user(audit, ch->user, ch->uid, ch->conn_id);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, ch->vm);
	audit_text(audit, AUDIT_RIGHT, spice_kind_find(ch->type)->word);
	audit_text(audit, AUDIT_CHANNELS, link);
	audit_end_noted(audit);
}

void
channel_record_close(const struct channel *ch, const char *reason, uint64_t up, uint64_t down)
{
	struct audit *audit = ch->gw->audit;

	audit_begin(audit, "close");
	put_user(audit, ch->user, ch->uid, ch->conn_id);
	put_names(audit, ch);
	audit_text(audit, AUDIT_REASON, reason);
	put_bytes(audit, up, down);
	audit_number(audit, AUDIT_DURATION_MS, (uint64_t)(io_now_ms() - ch->opened_ms));
	kept_channels_leave(ch->gw->kept, ch->id);
	audit_end_soon(audit);
}

void
channel_record_console(struct gateway *gw, const struct console *console)
{
	struct audit *audit = gw->audit;
	char id[16], list[PROTO_TEXT_MAX + 1];

	snprintf(id, sizeof(id), "ch%u", console->id);
	console_list(console, list);
	audit_begin(audit, "close");
	put_user(audit, console->user, console->uid, console->conn_id);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, console->vm);
	audit_text(audit, AUDIT_RIGHT, console->right);
	audit_text(audit, AUDIT_REASON, console->reason);
	put_bytes(audit, console->up, console->down);
	audit_number(audit, AUDIT_DURATION_MS, (uint64_t)(io_now_ms() - console->opened_ms));
	audit_text(audit, AUDIT_CHANNELS, list);
	kept_channels_leave(gw->kept, console->id);
	audit_end_soon(audit);
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
	char link[32];

	format_link(ch, link, sizeof(link));
	denial_record_link(ch->gw->audit, conn, ch->vm, ch->right, ch->line, reason, link);
}
