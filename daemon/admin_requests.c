/* show and explain. */
#include "daemon/admin_requests.h"

#include "daemon/locks.h"
#include "daemon/people.h"
#include "daemon/row.h"
#include "lib/proto.h"
#include "policy/decide.h"
#include "policy/settings_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EX_DENIED 1
#define EX_USAGE  64
#define EX_TEMP   75

static void
malformed(struct caller *caller)
{
	row_end(caller, EX_USAGE,
	    "the daemon does not understand this question: are CLI and daemon "
	    "of one version?");
}

void
admin_show(struct caller *caller, struct wire_in *in)
{
	char value[PROTO_TEXT_MAX + 1];
	struct row row;

	if (wire_end(in) < 0) {
		malformed(caller);
		return;
	}
	for (size_t i = 0; i < settings_key_count(); i++) {
		const struct settings_key *key = settings_key(i);
		settings_value(gateway_settings(caller->gw), i, value, sizeof(value));
		row_begin(&row, caller);
		row_text(&row, "key", key->name);
		row_text(&row, "value", value);
		row_text(&row, "default", key->fallback);
		if (!row_send(&row))
			return;
	}
	row_end(caller, 0, "");
}

struct explain {
	struct caller *caller; /* NULL when it has gone */
	char user[PROTO_NAME_MAX + 1], vm[PROTO_NAME_MAX + 1], right[PROTO_NAME_MAX + 1];
	time_t at;
};

static void
send_answer(struct explain *e, const struct people_user *user)
{
	struct caller *caller = e->caller;
	struct question question = {.user = e->user,
	    .groups = (const char *const *)user->groups.names,
	    .group_count = user->groups.count,
	    .vm = e->vm,
	    .right = e->right,
	    .at = e->at != 0 ? e->at : time(NULL)};
	struct answer answer;
	struct row row;
	size_t keys;

	decide(caller->gw->policy, &question, &answer);
	if (locks_find(caller->gw->locks, e->user) != NULL)
		answer = (struct answer){.verdict = VERDICT_DENY,
		    .reason = "the user is locked (sallyport list locks)"};
	(void)policy_keys(caller->gw->policy, e->user, &keys);
	row_begin(&row, caller);
	row_text(&row, "verdict", answer.verdict == VERDICT_ALLOW ? "allow" : "deny");
	row_text(&row, "reason", answer.reason);
	row_text(&row, "line", answer.line);
	row_text(&row, "text", answer.text);
	row_text(&row, "why", answer.why);
	row_time(&row, "next", answer.next_change);
	row_format(&row, "next_epoch", "%lld", (long long)answer.next_change);
	if (!row_send(&row))
		return;
	row_end(caller, answer.verdict == VERDICT_ALLOW ? 0 : EX_DENIED,
	    keys == 0 ? "note: no YubiKey is mapped to this user" : "");
}

static void
on_user(void *arg, struct people_user *user)
{
	struct explain *e = arg;

	if (e->caller == NULL)
		goto out;
	door_hold(e->caller, NULL);
	if (user->status == PROTO_NAME_FAILED)
		row_end(e->caller, EX_TEMP, "the user's groups cannot be looked up now");
	else if (user->status == PROTO_NAME_FOUND && user->uid == 0)
		row_end(e->caller, EX_DENIED, "deny: uid 0 has no way through the gate");
	else if (user->status == PROTO_NAME_FOUND && !user->is_only_name)
		row_end(e->caller, EX_DENIED, "deny: two user names have this uid");
	else
		send_answer(e, user);
out:
	free(e);
}

void
admin_explain(struct caller *caller, struct wire_in *in)
{
	struct explain *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		door_close(caller);
		return;
	}
	wire_get_str(in, e->user, sizeof(e->user));
	wire_get_str(in, e->vm, sizeof(e->vm));
	wire_get_str(in, e->right, sizeof(e->right));
	e->at = (time_t)wire_get_u64(in);
	e->caller = caller;
	if (wire_end(in) < 0) {
		malformed(caller);
	} else if (people_ask_user(caller->gw, e->user, on_user, e) < 0) {
		row_end(caller, EX_TEMP, "the user's groups cannot be looked up now");
	} else {
		door_hold(caller, &e->caller);
		return;
	}
	free(e);
}
