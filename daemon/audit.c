/* Packs records; the recorder numbers, chains and flushes them. */
#include "daemon/audit.h"

#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DENIALS_PER_S 10
#define SLOTS         256
#define PROBES        8 /* places where one who is looked for may be */

#define NAMES (UINT64_C(1) << 32) /* above every uid */

/* Denials of one uid (or name) in the running second. */
struct tally {
	bool is_used;
	uint64_t who;
	int64_t second;
	unsigned int written;
	uint64_t held; /* counted, not written */
};

struct audit {
	struct gateway *gw;
	struct wire_out *out;
	size_t durable_at, count_at;
	uint16_t fields;
	uint64_t seq;
	struct tally tallies[SLOTS];
	struct tally rest; /* of those for whom there was no place */
};

struct pending {
	struct audit *audit;
	audit_done_fn *fn;
	void *arg;
};

struct audit *
audit_new(struct gateway *gw)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit != NULL)
		audit->gw = gw;
	return audit;
}

void
audit_free(struct audit *audit)
{
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

static void
seal(struct audit *audit, bool is_durable)
{
	struct wire_out *out = audit->out;

	if (out->failed)
		return;
	out->buf[audit->durable_at] = is_durable;
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
	} else if (error == 0) {
		error = -EBADMSG;
	}
	if (error == 0)
		audit_set_seq(pending->audit, seq);
	else
		log_error("audit: a record could not be written: %s", strerror(-error));
	pending->fn(pending->arg, error);
	free(pending);
}

int
audit_end_durable(struct audit *audit, audit_done_fn *fn, void *arg)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	int err = -ENOMEM;

	if (pending != NULL) {
		seal(audit, true);
		*pending = (struct pending){.audit = audit, .fn = fn, .arg = arg};
		err = servant_ask(audit->gw->recorder, NULL, 0,
		    gateway_settings(audit->gw)->record_timeout_ms, on_recorded, pending);
	}
	if (err < 0) {
		log_error("audit: no record could be sent: %s", strerror(-err));
		free(pending);
	}
	return err;
}

static void
nobody_waits(void *arg, int error)
{
	(void)arg;
	(void)error;
}

void
audit_end_noted(struct audit *audit)
{
	(void)audit_end_durable(audit, nobody_waits, NULL);
}

void
audit_end_plain(struct audit *audit)
{
	int err;

	seal(audit, false);
	err = servant_tell(audit->gw->recorder, NULL, 0);
	if (err < 0)
		log_error("audit: a denial is not on record: %s", strerror(-err));
}

static void
write_held(struct audit *audit, struct tally *t)
{
	if (t->held == 0)
		return;
	audit_begin(audit, "deny");
	if (t->who < (uid_t)-1)
		audit_number(audit, AUDIT_UID, t->who);
	audit_text(audit, AUDIT_VERDICT, "deny");
	audit_text(audit, AUDIT_REASON, "more of the same user's denials, summed");
	audit_number(audit, AUDIT_COUNT, t->held);
	audit_end_plain(audit);
	t->held = 0;
}

uint64_t
audit_name_key(const char *name)
{
	uint64_t hash = 5381;

	for (; *name != '\0'; name++)
		hash = (hash * 33 + (unsigned char)*name) & UINT32_MAX;
	return NAMES | hash;
}

/* The tally of who: his own, else one that nobody has used in this second. NULL when
 * all his places are taken: then he is only counted, with the others like him. */
static struct tally *
find_tally(struct audit *audit, uint64_t who, int64_t second)
{
	struct tally *idle = NULL;

	for (size_t i = 0; i < PROBES; i++) {
		struct tally *t = &audit->tallies[(who + i) % SLOTS];
		if (t->is_used && t->who == who)
			return t;
		if (idle == NULL && (!t->is_used || t->second != second))
			idle = t;
	}
	if (idle != NULL) {
		write_held(audit, idle);
		*idle = (struct tally){.is_used = true, .who = who, .second = second};
	}
	return idle;
}

bool
audit_may_deny(struct audit *audit, uint64_t who, uint64_t *count)
{
	int64_t second = io_now_ms() / 1000;
	struct tally *t = find_tally(audit, who, second);

	if (t == NULL) {
		audit->rest.who = NAMES;
		audit->rest.second = second;
		audit->rest.held++;
		return false;
	}
	if (t->second != second) {
		t->second = second;
		t->written = 0;
	}
	if (t->written >= DENIALS_PER_S) {
		t->held++;
		return false;
	}
	t->written++;
	*count = t->held + 1;
	t->held = 0;
	return true;
}

static void
write_sums(struct audit *audit, int64_t before)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (audit->tallies[i].held > 0 && audit->tallies[i].second < before)
			write_held(audit, &audit->tallies[i]);
	if (audit->rest.held > 0 && audit->rest.second < before)
		write_held(audit, &audit->rest);
}

void
audit_sweep(struct audit *audit)
{
	write_sums(audit, io_now_ms() / 1000);
}

void
audit_write_sums(struct audit *audit)
{
	write_sums(audit, INT64_MAX);
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
