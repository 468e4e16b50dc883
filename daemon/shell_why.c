/* Why a user may have something, or not. */
#include "daemon/gate.h"
#include "daemon/shell_rows.h"

#include <stdio.h>

/* always: also when the right is never his. */
static bool
send_right(struct visit *visit, const struct conn *conn, const char *vm, const char *right,
    bool always, size_t *n)
{
	struct answer answer;
	struct wire_out *out;
	const char *seat;
	char when[64], granted[64];
	bool allowed = gate_decide(visit->gw, conn, vm, right, &answer) == VERDICT_ALLOW;
	uint64_t change = (uint64_t)answer.next_change;

	if (!allowed && answer.next_change == 0 && !always)
		return true;
	*n += 1;
	shell_when(when, sizeof(when), allowed ? "until" : "from", answer.next_change);
	seat = allowed ? shell_seat_words(visit, conn, vm, right) : "";
	snprintf(granted, sizeof(granted), "granted%s%s", *seat != '\0' ? "; " : "", seat);
	out = door_begin(visit->caller, PROTO_SHELL_RIGHT);
	wire_put_str(out, vm);
	wire_put_str(out, right);
	wire_put_u8(out, allowed);
	wire_put_str(out, allowed                   ? granted
			  : answer.next_change != 0 ? "not at this time"
						    : "no grant");
	wire_put_str(out, when);
	wire_put_u64(out, allowed ? 0 : change);
	wire_put_u64(out, allowed ? change : 0);
	return door_send(visit->caller, false) == 0;
}

bool
shell_why(struct visit *visit, const struct conn *conn, const char *vm, const char *right)
{
	size_t n = 0;

	return send_right(visit, conn, vm, right, true, &n);
}

static bool
why_host(struct visit *visit, const struct conn *conn, size_t *n)
{
	const struct policy *policy = visit->gw->policy;
	const struct vm_run *run;
	char right[PROTO_NAME_MAX + 1];

	if (!send_right(visit, conn, "host", "shell", false, n))
		return false;
	for (size_t i = 0; (run = policy_run(policy, i)) != NULL; i++) {
		snprintf(right, sizeof(right), "run:%s", run->name);
		if (!send_right(visit, conn, "host", right, false, n))
			return false;
	}
	return true;
}

bool
shell_why_vm(struct visit *visit, const struct conn *conn, const struct vm *vm, size_t *n)
{
	if (vm == NULL)
		return why_host(visit, conn, n);
	for (size_t i = 0; i < vm->endpoint_count; i++)
		if (!send_right(visit, conn, vm->name, vm->endpoints[i].right, false, n))
			return false;
	return vm->folder == NULL || send_right(visit, conn, vm->name, "sftp:ro", false, n);
}
