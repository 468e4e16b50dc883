/* Packs the records. */
#include "daemon/channel_record.h"

#include "lib/io.h"

#include <stdio.h>

static void
put_names(struct audit *audit, const struct channel *ch)
{
	char id[16];

	snprintf(id, sizeof(id), "ch%u", ch->id);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, ch->vm);
	audit_text(audit, AUDIT_RIGHT, ch->right);
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
