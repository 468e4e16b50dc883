/* From a connection to the pure decision. */
#include "daemon/gate.h"

#include "daemon/locks.h"
#include "daemon/people.h"
#include "lib/io.h"

#include <string.h>
#include <time.h>

#define STALE_ROUNDS 3 /* of nss_recheck */

static bool
is_key_of(const struct policy *policy, const char *user, const char *id)
{
	size_t n;
	const char *const *keys = policy_keys(policy, user, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i], id) == 0)
			return true;
	/* verify gives no such id to a key: it stands for the keys that the user has. */
	return n > 0 && strncmp(id, GATE_CODE, strlen(GATE_CODE)) == 0;
}

bool
gate_is_key_of(const struct gateway *gw, const char *user, const char *id)
{
	return is_key_of(gw->policy, user, id);
}

enum verdict
gate_decide_by(const struct gateway *gw, const struct gate_by *by, const struct conn *conn,
    const char *vm, const char *right, struct answer *answer)
{
	struct question question = {.user = conn->user,
	    .groups = (const char *const *)by->groups->names,
	    .group_count = by->groups->count,
	    .vm = vm,
	    .right = right,
	    .at = time(NULL)};

	*answer =
	    (struct answer){.reason = "the YubiKey of this connection is no longer mapped"};
	if (locks_find(gw->locks, conn->user) != NULL) {
		answer->reason = "the user is locked";
		return VERDICT_DENY;
	}
	if (conn->uid == 0 || !is_key_of(by->policy, conn->user, conn->public_id))
		return VERDICT_DENY;
	decide(by->policy, &question, answer);
	return answer->verdict;
}

enum verdict
gate_decide(const struct gateway *gw, const struct conn *conn, const char *vm,
    const char *right, struct answer *answer)
{
	const struct gate_by by = {.policy = gw->policy, .groups = &conn->groups};

	return gate_decide_by(gw, &by, conn, vm, right, answer);
}

static bool
is_among(const char *name, const struct conn_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		if (strcmp(groups->names[i], name) == 0)
			return true;
	return false;
}

const char *
gate_conn_ends(const struct gateway *gw, const struct policy *policy, const struct conn *conn,
    const struct people_user *user)
{
	if (conn->public_id[0] != '\0' && !is_key_of(policy, conn->user, conn->public_id))
		return "the YubiKey of this connection is no longer mapped";
	if (user == NULL || user->status == PROTO_NAME_FAILED)
		return NULL;
	if (user->status != PROTO_NAME_FOUND || user->uid != conn->uid || !user->is_only_name)
		return "the user is gone, or has another uid";
	if (is_among(gateway_settings(gw)->gated, &conn->groups) &&
	    !is_among(policy_settings(policy)->gated, &user->groups))
		return "the user has left the gated group";
	return NULL;
}

bool
gate_is_stale(const struct gateway *gw, const struct conn *conn)
{
	int64_t most_ms = (int64_t)gateway_settings(gw)->nss_recheck_s * STALE_ROUNDS * 1000;

	return io_now_ms() - conn->groups_ms > most_ms;
}
