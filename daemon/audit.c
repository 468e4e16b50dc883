/* Packs records; the recorder numbers, chains and flushes them. */
#include "daemon/audit_state.h"

#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pending {
	struct audit *audit;
	audit_done_fn *fn;
	void *arg;
};

struct audit *
audit_new(struct gateway *gw)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit == NULL)
		return NULL;
	audit->gw = gw;
	backlog_init(&audit->backlog);
	backlog_init(&audit->held);
	return audit;
}

void
audit_free(struct audit *audit)
{
	if (audit == NULL)
		return;
	if (audit->backlog.count + audit->held.count > 0)
		log_error("audit: %zu records were never written",
		    audit->backlog.count + audit->held.count);
	backlog_free(&audit->backlog);
	backlog_free(&audit->held);
	loop_watch_free(audit->hold_timer);
	free(audit);
}

void
audit_begin(struct audit *audit, const char *event)
{
	audit->out = servant_begin(audit->gw->recorder, PROTO_RECORD);
	audit->durable_at = audit->out->len;
	wire_put_u8(audit->out, 0);
	audit->count_at = audit->out->len;
	wire_put_u16(audit->out, 0);
	audit->fields = 0;
	audit_text(audit, AUDIT_EVENT, event);
}

void
audit_text(struct audit *audit, enum audit_field field, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	wire_put_u8(audit->out, (uint8_t)field);
	wire_put_u8(audit->out, 1);
	wire_put_str(audit->out, text);
	audit->fields++;
}

void
audit_number(struct audit *audit, enum audit_field field, uint64_t value)
{
	wire_put_u8(audit->out, (uint8_t)field);
	wire_put_u8(audit->out, 0);
	wire_put_u64(audit->out, value);
	audit->fields++;
}

void
audit_conn(struct audit *audit, const struct conn *conn)
{
	char id[16];

	snprintf(id, sizeof(id), "c%u", conn->id);
	audit_text(audit, AUDIT_USER, conn->user);
	audit_number(audit, AUDIT_UID, conn->uid);
	audit_text(audit, AUDIT_SOURCE, conn->source);
	audit_text(audit, AUDIT_CONN, id);
	audit_text(audit, AUDIT_SSH_KEY, conn->ssh_key);
	audit_text(audit, AUDIT_KEY, conn->public_id);
}

void
audit_seal(struct audit *audit, enum proto_keep keep)
{
	struct wire_out *out = audit->out;

	if (out->failed)
		return;
	out->buf[audit->durable_at] = (uint8_t)keep;
	out->buf[audit->count_at] = (uint8_t)(audit->fields >> 8);
	out->buf[audit->count_at + 1] = (uint8_t)audit->fields;
}

static void
on_recorded(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct pending *pending = arg;
	uint64_t seq = 0;

	if (error == 0 && type == PROTO_RECORDED) {
		error = -(int)wire_get_u32(in);
		seq = wire_get_u64(in);
		if (wire_end(in) < 0)
			error = -EBADMSG;
	} else if (error == 0 && in != NULL) {
		error = -EBADMSG;
	}
	if (error == 0)
		audit_set_seq(pending->audit, seq);
	else if (error != -ECANCELED) /* we end: the recorder writes what it has */
		log_error("audit: a record could not be written: %s", strerror(-error));
	pending->fn(pending->arg, error);
	free(pending);
}

static int
ask(struct audit *audit, struct pending *pending)
{
	struct servant *recorder = audit->gw->recorder;

	if (audit->out->buf[audit->durable_at] == PROTO_KEEP_BEFORE)
		return servant_ask_before(recorder, PROTO_RECORDED, on_recorded, pending);
	return servant_ask(recorder, NULL, 0, gateway_settings(audit->gw)->record_timeout_ms,
	    on_recorded, pending);
}

int
audit_send(struct audit *audit, audit_done_fn *fn, void *arg)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	int err = -ENOMEM;

	if (pending != NULL) {
		*pending = (struct pending){.audit = audit, .fn = fn, .arg = arg};
		err = ask(audit, pending);
	}
	if (err < 0) {
		log_error("audit: no record could be sent: %s", strerror(-err));
		free(pending);
	}
	return err;
}

int
audit_end_durable(struct audit *audit, audit_done_fn *fn, void *arg)
{
	audit_let_go(audit, PROTO_KEEP_BEFORE);
	audit_seal(audit, PROTO_KEEP_DURABLE);
	return audit_send(audit, fn, arg);
}

void
audit_sweep(struct audit *audit)
{
	audit_sum(audit, io_now_ms() / 1000);
	if (io_now_ms() >= audit->retry_at_ms)
		audit_drain(audit);
}

void
audit_write_sums(struct audit *audit)
{
	audit_sum(audit, INT64_MAX);
}

uint64_t
audit_seq(const struct audit *audit)
{
	return audit->seq;
}

void
audit_set_seq(struct audit *audit, uint64_t seq)
{
	if (seq > audit->seq)
		audit->seq = seq;
}
