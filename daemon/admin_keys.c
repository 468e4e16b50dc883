/* Keys: handed through to verify, whose store alone holds them. The descriptor of
 * an import goes on unread: the supervisor never sees a secret. */
#include "daemon/accord.h"
#include "daemon/admin_requests.h"
#include "daemon/audit.h"
#include "daemon/codes.h"
#include "daemon/conns.h"
#include "daemon/row.h"
#include "lib/io.h"
#include "lib/proto.h"
#include "lib/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EX_USAGE  64
#define EX_TEMP   75
#define CODES_MAX 20
#define KEYS_MS   240000 /* verify itself waits 60 s for a file; OTPs go first */

struct errand {
	struct caller *caller; /* NULL when it has gone */
	struct gateway *gw;
	const char *what; /* for the record; NULL: changes nothing */
	char public_id[PROTO_PUBLIC_ID_MAX + 1];
	char user[PROTO_NAME_MAX + 1]; /* whose codes */
	uint64_t store_seq, audit_seq; /* of a recovery; 0: it is none */
	bool ends_conns;               /* of that key */
};

static void
record(const struct errand *errand)
{
	audit_begin(errand->gw->audit, "admin");
	audit_text(errand->gw->audit, AUDIT_USER, errand->user);
	audit_text(errand->gw->audit, AUDIT_KEY, errand->public_id);
	audit_text(errand->gw->audit, AUDIT_DETAIL, errand->what);
	audit_end_noted(errand->gw->audit);
}

/* Who came in with a key that is disabled now goes, and that is said. */
static void
end_conns(const struct errand *errand, char *report, size_t cap)
{
	struct conns_closed closed = {0};
	size_t len = strlen(report);

	conns_close_key(
	    errand->gw->conns, errand->public_id, "the YubiKey was disabled", &closed);
	if (len > 0 && report[len - 1] == '\n')
		len--;
	if (closed.conns > 0)
		snprintf(report + len, cap - len, "; %zu connection%s ended", closed.conns,
		    closed.conns == 1 ? "" : "s");
}

static void
send_done(struct errand *errand, struct wire_in *in)
{
	static char report[IO_MESSAGE_MAX];
	uint8_t status = wire_get_u8(in);

	wire_get_str(in, report, sizeof(report));
	if (wire_end(in) < 0)
		status = EX_TEMP;
	if (status == 0 && errand->audit_seq != 0)
		accord_mended(errand->gw, errand->store_seq, errand->audit_seq);
	if (status == 0 && errand->what != NULL)
		record(errand);
	if (status == 0 && errand->ends_conns)
		end_conns(errand, report, sizeof(report));
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

/* They go through our hands once, and are wiped behind them. */
static void
send_codes(struct errand *errand, struct wire_in *in)
{
	uint16_t n = wire_get_u16(in);
	char code[PROTO_NAME_MAX + 1];
	struct row row;
	bool goes_on = errand->caller != NULL;

	codes_forget(errand->gw, errand->user);
	record(errand);
	for (uint16_t i = 0; goes_on && i < n && !in->failed; i++) {
		wire_get_str(in, code, sizeof(code));
		row_begin(&row, errand->caller);
		row_text(&row, "code", code);
		goes_on = row_send(&row);
		secret_wipe(row.out->buf, row.out->len);
	}
	secret_wipe(code, sizeof(code));
	if (goes_on)
		row_end(errand->caller, wire_end(in) < 0 ? EX_TEMP : 0, "");
}

static void
on_answer(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct errand *errand = arg;

	if (errand->caller != NULL)
		door_hold(errand->caller, NULL);
	if (error == 0 && type == PROTO_KEYS_DONE)
		send_done(errand, in);
	else if (error == 0 && type == PROTO_CODES)
		send_codes(errand, in);
	else if (error == 0 && type == PROTO_KEYS && errand->caller != NULL)
		send_keys(errand->caller, in);
	else if (errand->caller != NULL)
		row_end(errand->caller, EX_TEMP, "the key store does not answer");
	free(errand);
}

static void
send_errand(struct caller *caller, const struct errand *what, int fd)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand != NULL) {
		*errand = *what;
		errand->caller = caller;
		errand->gw = caller->gw;
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
	send_errand(caller, &(struct errand){.what = flags & 1 ? NULL : "keys imported"},
	    caller->fd_passed);
}

static void
one_text(struct caller *caller, struct wire_in *in, uint8_t type, const char *what)
{
	struct errand errand = {.what = what, .ends_conns = type == PROTO_KEYS_DISABLE};
	char id[PROTO_PUBLIC_ID_MAX + 1];

	wire_get_str(in, id, sizeof(id));
	if (wire_end(in) < 0) {
		row_end(caller, EX_USAGE, "that is no public id");
		return;
	}
	if (what != NULL)
		memcpy(errand.public_id, id, sizeof(id));
	wire_put_str(servant_begin(caller->gw->verify, type), id);
	send_errand(caller, &errand, -1);
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

void
admin_keys_enable(struct caller *caller, struct wire_in *in)
{
	one_text(caller, in, PROTO_KEYS_ENABLE, "key enabled");
}

void
admin_keys_add_api(struct caller *caller, struct wire_in *in)
{
	struct errand errand = {.what = "key of the validation service added"};
	char note[PROTO_NAME_MAX + 1];
	struct wire_out *out;

	wire_get_str(in, errand.public_id, sizeof(errand.public_id));
	wire_get_str(in, note, sizeof(note));
	if (wire_end(in) < 0) {
		row_end(caller, EX_USAGE, "that is no public id");
		return;
	}
	out = servant_begin(caller->gw->verify, PROTO_KEYS_ADD_API);
	wire_put_str(out, errand.public_id);
	wire_put_str(out, note);
	send_errand(caller, &errand, -1);
}

/* An enrolment that came to nothing. */
void
admin_keys_drop_api(struct caller *caller, struct wire_in *in)
{
	struct errand errand = {.what = "key of the validation service taken back"};

	wire_get_str(in, errand.public_id, sizeof(errand.public_id));
	if (wire_end(in) < 0) {
		row_end(caller, EX_USAGE, "that is no public id");
		return;
	}
	wire_put_str(servant_begin(caller->gw->verify, PROTO_KEYS_DROP_API), errand.public_id);
	send_errand(caller, &errand, -1);
}

void
admin_keys_codes(struct caller *caller, struct wire_in *in)
{
	struct errand errand = {.what = "recovery codes made"};
	struct wire_out *out;
	uint8_t count;

	wire_get_str(in, errand.user, sizeof(errand.user));
	count = wire_get_u8(in);
	if (wire_end(in) < 0 || count > CODES_MAX) {
		row_end(caller, EX_USAGE, "at most 20 codes");
		return;
	}
	if (count == 0)
		errand.what = "recovery codes taken away";
	out = servant_begin(caller->gw->verify, PROTO_KEYS_CODES);
	wire_put_str(out, errand.user);
	wire_put_u8(out, count);
	send_errand(caller, &errand, -1);
}

static bool
send_state(struct caller *caller, const struct accord *accord)
{
	const char *words = accord_words(accord);
	struct row row;

	row_begin(&row, caller);
	row_text(&row, "state", words == NULL ? "store and log agree" : words);
	row_format(&row, "store_seq", "%llu", (unsigned long long)accord->store_seq);
	row_format(
	    &row, "store_seq_on_record", "%llu", (unsigned long long)accord->log_store_seq);
	row_format(&row, "audit_seq", "%llu", (unsigned long long)audit_seq(caller->gw->audit));
	row_format(&row, "audit_seq_at_start", "%llu", (unsigned long long)accord->log_seq);
	row_format(&row, "audit_seq_known_to_store", "%llu",
	    (unsigned long long)accord->store_audit_seq);
	row_text(&row, "store_is_old", accord->store_is_old ? "yes" : "no");
	row_text(&row, "log_is_cut", accord->log_is_cut ? "yes" : "no");
	return row_send(&row);
}

void
admin_keys_recover(struct caller *caller, struct wire_in *in)
{
	struct gateway *gw = caller->gw;
	const struct accord *accord = gw->accord;
	struct errand errand = {.what = "store and log declared to agree (key recover)"};
	struct wire_out *out;
	uint8_t flags = wire_get_u8(in);

	if (wire_end(in) < 0 || flags > 1) {
		row_end(caller, EX_USAGE, "that cannot be asked");
		return;
	}
	if (!accord->verify_told || !accord->recorder_told) {
		row_end(caller, EX_TEMP, accord_words(accord));
		return;
	}
	if (!send_state(caller, accord))
		return;
	if (flags == 0 || accord_words(accord) == NULL) {
		row_end(caller, 0, "");
		return;
	}
	errand.audit_seq = audit_seq(gw->audit);
	errand.store_seq = accord->store_seq > accord->log_store_seq ? accord->store_seq
								     : accord->log_store_seq;
	out = servant_begin(gw->verify, PROTO_KEYS_RECOVER);
	wire_put_u64(out, errand.store_seq);
	wire_put_u64(out, errand.audit_seq);
	send_errand(caller, &errand, -1);
}
