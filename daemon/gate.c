/* From a connection to the pure decision. */
#include "daemon/gate.h"

#include "daemon/locks.h"

#include <string.h>
#include <time.h>

bool
gate_is_key_of(const struct gateway *gw, const char *user, const char *id)
{
	size_t n;
	const char *const *keys = policy_keys(gw->policy, user, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i], id) == 0)
			return true;
	/* verify gives no such id to a key: it stands for the keys that the user has. */
	return n > 0 && strncmp(id, GATE_CODE, strlen(GATE_CODE)) == 0;
}

enum verdict
gate_decide(const struct gateway *gw, const struct conn *conn, const char *vm,
    const char *right, struct answer *answer)
{
	struct question question = {.user = conn->user,
	    .groups = (const char *const *)conn->groups.names,
	    .group_count = conn->groups.count,
	    .vm = vm,
	    .right = right,
	    .at = time(NULL)};

	*answer =
	    (struct answer){.reason = "the YubiKey of this connection is no longer mapped"};
	if (locks_find(gw->locks, conn->user) != NULL) {
		answer->reason = "the user is locked";
		return VERDICT_DENY;
	}
	if (conn->uid == 0 || !gate_is_key_of(gw, conn->user, conn->public_id))
		return VERDICT_DENY;
	decide(gw->policy, &question, answer);
	return answer->verdict;
}
