/* Asks the gate about channels. */
#include "daemon/channel_policy.h"

#include "daemon/conns.h"
#include "daemon/console_rights.h"
#include "policy/target.h"

#include <string.h>

static const struct target *
find_target(const struct policy *policy, const char *vm_name, const char *right)
{
	const struct vm *vm = policy_vm_find(policy, vm_name);

	for (size_t i = 0; vm != NULL && i < vm->endpoint_count; i++)
		if (strcmp(vm->endpoints[i].right, right) == 0)
			return &vm->endpoints[i].target;
	return NULL;
}

bool
channel_policy_take_target(struct channel *ch)
{
	const struct target *target = find_target(ch->gw->policy, ch->vm, ch->right);

	if (target == NULL)
		return true;
	ch->target = *target;
	ch->target.name = target->name != NULL ? strdup(target->name) : NULL;
	return target->name == NULL || ch->target.name != NULL;
}

/* A console's channel lives by more than one word. */
static const char *
object_to_console(const struct channel *ch, const struct conn *conn, const struct gate_by *by,
    struct answer *answer)
{
	struct console_rights rights;

	console_rights_find(ch->gw, by, conn, ch->vm, ch->right,
	    ch->needs | SPICE_MAY_SEE | SPICE_MAY_CONTROL, &rights);
	*answer = rights.answer;
	if ((rights.may & SPICE_MAY_SEE) == 0)
		return answer->reason;
	return (ch->needs & ~rights.may) != 0 ? console_rights_lost(ch->needs & ~rights.may)
					      : NULL;
}

static const char *
object(const struct channel *ch, const struct conn *conn, const struct gate_by *by,
    struct answer *answer)
{
	if (console_kind(ch->right) != CONSOLE_NONE)
		return object_to_console(ch, conn, by, answer);
	return gate_decide_by(ch->gw, by, conn, ch->vm, ch->right, answer) == VERDICT_ALLOW
		   ? NULL
		   : answer->reason;
}

const char *
channel_policy_object(const struct channel *ch, const struct conn *conn,
    const struct gate_by *by, struct answer *answer)
{
	const struct target *target = find_target(by->policy, ch->vm, ch->right);
	const char *reason = object(ch, conn, by, answer);

	if (reason != NULL)
		return reason;
	if (target == NULL)
		return "no such right on this VM";
	/* What lies there now may be another's. */
	return target_is_same(target, &ch->target) ? NULL : "the VM's back end was changed";
}

const char *
channel_policy_judge(struct channel *ch)
{
	struct gateway *gw = ch->gw;
	struct conn *conn = conns_by_id(gw->conns, ch->conn_id);
	struct answer answer;
	const char *reason;

	if (conn == NULL || conn->state != CONN_LIVE)
		return "the connection has ended";
	if (!proc_pidfds_are_alive((const int[]){conn->m_pidfd, conn->u_pidfd}, 2))
		return "sshd's process of the connection has ended";
	ch->judged = gw->generation;
	reason = channel_policy_object(ch, conn,
	    &(struct gate_by){.policy = gw->policy, .groups = &conn->groups}, &answer);
	ch->next_judge = answer.next_change;
	memcpy(ch->line, answer.line, sizeof(ch->line));
	return reason;
}
