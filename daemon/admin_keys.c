/* Keys: handed through to verify, whose store alone holds them. The descriptor of
 * an import goes on unread: the supervisor never sees a secret. */
#include "daemon/admin_requests.h"
#include "daemon/audit.h"
#include "daemon/row.h"
#include "lib/io.h"
#include "lib/proto.h"

#include <stdio.h>
#include <stdlib.h>

#define EX_USAGE 64
#define EX_TEMP  75
#define KEYS_MS  240000 /* verify itself waits 60 s for a file; OTPs go first */

struct errand {
	struct caller *caller; /* NULL when it has gone */
	struct gateway *gw;
	const char *what; /* for the record; NULL: changes nothing */
	char public_id[PROTO_PUBLIC_ID_MAX + 1];
};

static void
record(const struct errand *errand)
{
	audit_begin(errand->gw->audit, "admin");
	audit_text(errand->gw->audit, AUDIT_KEY, errand->public_id);
	audit_text(errand->gw->audit, AUDIT_DETAIL, errand->what);
	audit_end_noted(errand->gw->audit);
}

static void
send_done(struct errand *errand, struct wire_in *in)
{
	static char report[IO_MESSAGE_MAX];
	uint8_t status = wire_get_u8(in);

	wire_get_str(in, report, sizeof(report));
	if (wire_end(in) < 0)
		status = EX_TEMP;
	if (status == 0 && errand->what != NULL)
		record(errand);
	if (errand->caller != NULL)
		row_end(errand->caller, status, report);
}

static void
send_key(struct row *row, struct wire_in *in)
{
	static const char *const states[] = {"broken", "active", "disabled"};
	char id[PROTO_PUBLIC_ID_MAX + 1], note[PROTO_TEXT_MAX + 1];
	uint8_t state;
	uint32_t counter;
	uint64_t created;

	wire_get_str(in, id, sizeof(id));
	state = wire_get_u8(in);
	counter = wire_get_u32(in);
	created = wire_get_u64(in);
	wire_get_str(in, note, sizeof(note));
	row_text(row, "key", id);
	row_text(row, "state", state < 3 ? states[state] : "broken");
	row_format(row, "counter", "%u/%u", counter >> 8, counter & 0xff);
	row_time(row, "created", (time_t)created);
	row_text(row, "note", note);
}

static void
send_keys(struct caller *caller, struct wire_in *in)
{
	bool is_more = wire_get_u8(in) == 1;
	uint16_t n = wire_get_u16(in);
	struct row row;

	for (uint16_t i = 0; i < n && !in->failed; i++) {
		row_begin(&row, caller);
		send_key(&row, in);
		if (!row_send(&row))
			return;
	}
	row_end(caller, wire_end(in) < 0 ? EX_TEMP : 0, is_more ? "more" : "");
}

static void
on_answer(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct errand *errand = arg;

	if (errand->caller != NULL)
		door_hold(errand->caller, NULL);
	if (error == 0 && type == PROTO_KEYS_DONE)
		send_done(errand, in);
	else if (error == 0 && type == PROTO_KEYS && errand->caller != NULL)
		send_keys(errand->caller, in);
	else if (errand->caller != NULL)
		row_end(errand->caller, EX_TEMP, "the key store does not answer");
	free(errand);
}

static void
send_errand(struct caller *caller, const char *what, const char *public_id, int fd)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand != NULL) {
		*errand = (struct errand){.caller = caller, .gw = caller->gw, .what = what};
		snprintf(errand->public_id, sizeof(errand->public_id), "%s", public_id);
		if (servant_ask(caller->gw->verify, &fd, fd >= 0, KEYS_MS, on_answer, errand) ==
		    0) {
			door_hold(caller, &errand->caller);
			return;
		}
	}
	free(errand);
	row_end(caller, EX_TEMP, "the key store is down");
}

void
admin_keys_import(struct caller *caller, struct wire_in *in)
{
	uint8_t flags = wire_get_u8(in);

	if (wire_end(in) < 0 || caller->fd_passed < 0) {
		row_end(caller, EX_USAGE, "no file came with the question");
		return;
	}
	wire_put_u8(servant_begin(caller->gw->verify, PROTO_KEYS_IMPORT), flags);
	send_errand(caller, flags & 1 ? NULL : "keys imported", "", caller->fd_passed);
}

static void
one_text(struct caller *caller, struct wire_in *in, uint8_t type, const char *what)
{
	char id[PROTO_PUBLIC_ID_MAX + 1];

	wire_get_str(in, id, sizeof(id));
	if (wire_end(in) < 0) {
		row_end(caller, EX_USAGE, "that is no public id");
		return;
	}
	wire_put_str(servant_begin(caller->gw->verify, type), id);
	send_errand(caller, what, what != NULL ? id : "", -1);
}

void
admin_keys_list(struct caller *caller, struct wire_in *in)
{
	one_text(caller, in, PROTO_KEYS_LIST, NULL);
}

void
admin_keys_disable(struct caller *caller, struct wire_in *in)
{
	one_text(caller, in, PROTO_KEYS_DISABLE, "key disabled");
}
