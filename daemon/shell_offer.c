/* What one VM, or the host, has for a user: fields, which sallyport-shell lays out. */
#include "daemon/gate.h"
#include "daemon/shell_rows.h"
#include "daemon/virt.h"
#include "policy/next.h"

#include <stdio.h>
#include <string.h>

#define RIGHTS_MAX 64 /* shown of one VM */

struct shown {
	char right[PROTO_NAME_MAX + 1];
	uint16_t port;
};

struct offer {
	struct visit *visit;
	const struct conn *conn;
	const struct vm *vm; /* NULL: the host */
	struct shown list[RIGHTS_MAX];
	size_t count;
	time_t ends;                 /* the first of the list to end; 0: none does */
	time_t begins;               /* the first of the others to begin */
	bool has_screen, has_serial; /* some right to that seat, now */
	bool has_spice;
};

/* Adds the right if it is granted now; false when not. */
static bool
add(struct offer *offer, const char *right, uint16_t port)
{
	const char *vm = offer->vm != NULL ? offer->vm->name : "host";
	struct shown *shown = &offer->list[offer->count];
	struct answer answer;

	if (gate_decide(offer->visit->gw, offer->conn, vm, right, &answer) != VERDICT_ALLOW) {
		offer->begins = next_sooner(offer->begins, answer.next_change);
		return false;
	}
	offer->ends = next_sooner(offer->ends, answer.next_change);
	if (offer->count == RIGHTS_MAX)
		return true;
	snprintf(shown->right, sizeof(shown->right), "%s", right);
	shown->port = port;
	offer->count++;
	return true;
}

/* The rights that a console has besides looking and typing. */
static void
add_details(struct offer *offer)
{
	static const char *const words[] = {"mic", "usb", "smartcard", "clipboard", "share"};

	for (size_t i = 0; offer->has_spice && i < sizeof(words) / sizeof(words[0]); i++)
		(void)add(offer, words[i], 0);
	if (offer->has_screen)
		(void)add(offer, "takeover", 0);
}

static void
add_endpoint(struct offer *offer, const struct vm_endpoint *endpoint)
{
	bool is_spice = strcmp(endpoint->right, "spice") == 0;
	bool is_screen = is_spice || strcmp(endpoint->right, "vnc") == 0;
	bool may = add(offer, endpoint->right, endpoint->port);
	char view[PROTO_NAME_MAX + 1];

	if (!may && is_screen) {
		snprintf(view, sizeof(view), "%s:view", endpoint->right);
		may = add(offer, view, endpoint->port);
	}
	offer->has_spice |= may && is_spice;
	offer->has_screen |= may && is_screen;
	offer->has_serial |= may && strcmp(endpoint->right, "serial") == 0;
}

static void
add_rights_of_vm(struct offer *offer)
{
	const struct visit *visit = offer->visit;
	const struct vm *vm = offer->vm;

	for (size_t i = 0; i < vm->endpoint_count; i++)
		add_endpoint(offer, &vm->endpoints[i]);
	if (vm->folder != NULL && !add(offer, "sftp", 0))
		(void)add(offer, "sftp:ro", 0);
	if (visit->vm[0] != '\0' || (visit->flags & PROTO_SHELL_DETAIL) != 0)
		add_details(offer);
}

static void
add_rights_of_host(struct offer *offer)
{
	const struct policy *policy = offer->visit->gw->policy;
	const struct vm_run *run;
	char right[PROTO_NAME_MAX + 1];

	(void)add(offer, "shell", 0);
	for (size_t i = 0; (run = policy_run(policy, i)) != NULL; i++) {
		snprintf(right, sizeof(right), "run:%s", run->name);
		(void)add(offer, right, 0);
	}
}

/* Only of consoles that he may use, now. */
static void
put_seats(struct wire_out *out, const struct offer *offer)
{
	wire_put_u8(out, (uint8_t)(offer->has_screen + offer->has_serial));
	if (offer->has_screen)
		shell_seat_put(out, offer->visit, offer->conn, offer->vm, false);
	if (offer->has_serial)
		shell_seat_put(out, offer->visit, offer->conn, offer->vm, true);
}

static bool
send_offer(const struct offer *offer)
{
	const struct visit *visit = offer->visit;
	const struct vm *vm = offer->vm;
	bool is_open = offer->count > 0;
	struct wire_out *out;
	char when[64];

	shell_when(when, sizeof(when), is_open ? "until" : "from",
	    is_open ? offer->ends : offer->begins);
	out = door_begin(visit->caller, PROTO_SHELL_VM);
	wire_put_str(out, vm != NULL ? vm->name : "host");
	wire_put_str(out, vm != NULL ? vm->title : "");
	wire_put_str(out, vm != NULL && is_open ? virt_vm_state(visit->gw->virt, vm) : "");
	wire_put_str(out, when);
	wire_put_u64(out, is_open ? 0 : (uint64_t)offer->begins);
	wire_put_u64(out, is_open ? (uint64_t)offer->ends : 0);
	put_seats(out, offer);
	wire_put_u16(out, (uint16_t)offer->count);
	for (size_t i = 0; i < offer->count; i++) {
		wire_put_str(out, offer->list[i].right);
		wire_put_u16(out, offer->list[i].port);
	}
	return door_send(visit->caller, false) == 0;
}

bool
shell_offer(struct visit *visit, const struct conn *conn, const struct vm *vm, size_t *n)
{
	static struct offer offer; /* used up within the call */

	offer.visit = visit;
	offer.conn = conn;
	offer.vm = vm;
	offer.count = 0;
	offer.ends = offer.begins = 0;
	offer.has_screen = offer.has_serial = offer.has_spice = false;
	if (vm != NULL)
		add_rights_of_vm(&offer);
	else
		add_rights_of_host(&offer);
	if (offer.count == 0 && offer.begins == 0)
		return true;
	*n += 1;
	return send_offer(&offer);
}
