/* Asks what would be decided. */
#include "daemon/toll.h"

#include "lib/array.h"

#include "daemon/channels.h"
#include "daemon/gate.h"
#include "daemon/sessions.h"

#include <stdio.h>
#include <stdlib.h>

static struct toll_entry *
add(struct toll *toll, const struct conn *conn, const char *reason)
{
	struct toll_entry *grown = array_grow(toll->entries, toll->count, sizeof(*grown));

	if (grown == NULL) {
		toll->is_cut = true;
		return NULL;
	}
	toll->entries = grown;
	grown += toll->count++;
	*grown = (struct toll_entry){.conn_id = conn->id, .reason = reason};
	snprintf(grown->user, sizeof(grown->user), "%s", conn->user);
	return grown;
}

struct context {
	struct toll *toll;
	const struct conn *conn;
};

static void
add_channel(void *arg, const struct channel *ch, const char *reason)
{
	const struct context *context = arg;
	struct toll_entry *entry = add(context->toll, context->conn, reason);

	context->toll->channels++;
	if (entry == NULL)
		return;
	entry->channel_id = ch->id;
	snprintf(entry->vm, sizeof(entry->vm), "%s", ch->vm);
	snprintf(entry->right, sizeof(entry->right), "%s", ch->right);
}

static void
add_session(void *arg, uint32_t id, const char *vms, const char *what, const char *reason)
{
	const struct context *context = arg;
	struct toll_entry *entry = add(context->toll, context->conn, reason);

	context->toll->sessions++;
	if (entry == NULL)
		return;
	entry->session_id = id;
	snprintf(entry->vm, sizeof(entry->vm), "%s", vms);
	snprintf(entry->right, sizeof(entry->right), "%s", what);
}

void
toll_add(struct toll *toll, const struct gateway *gw, const struct policy *policy,
    const struct conn *conn, const struct people_user *user)
{
	bool is_known = user != NULL && user->status == PROTO_NAME_FOUND;
	const struct gate_by by = {
	    .policy = policy, .groups = is_known ? &user->groups : &conn->groups};
	struct context context = {.toll = toll, .conn = conn};
	const char *reason;

	if (conn->state == CONN_ENDED)
		return;
	reason = gate_conn_ends(gw, policy, conn, user);
	if (reason == NULL) {
		channels_foresee(gw->channels, conn, &by, add_channel, &context);
		sessions_foresee(gw->sessions, conn, &by, add_session, &context);
		return;
	}
	toll->conns++;
	toll->channels += channels_count_of(gw->channels, conn->id);
	toll->sessions += sessions_count_of(gw->sessions, conn->id);
	(void)add(toll, conn, reason);
}

void
toll_free(struct toll *toll)
{
	free(toll->entries);
	*toll = (struct toll){0};
}
