/* The policy's coming into force, and what must be looked up for it. */
#include "daemon/reload.h"

#include "daemon/audit.h"
#include "daemon/channel.h"
#include "daemon/conns.h"
#include "daemon/endpoint.h"
#include "daemon/people.h"
#include "lib/log.h"
#include "lib/num.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* An answer for a policy that has been replaced meanwhile is dropped. */
struct lookup {
	struct gateway *gw;
	uint32_t generation;
	uint32_t conn_id; /* groups of a connection */
};

static struct lookup *
lookup_new(struct gateway *gw, uint32_t conn_id)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup != NULL)
		*lookup =
		    (struct lookup){.gw = gw, .generation = gw->generation, .conn_id = conn_id};
	return lookup;
}

static void
on_gated_gid(void *arg, gid_t gid)
{
	struct lookup *lookup = arg;
	struct gateway *gw = lookup->gw;

	if (lookup->generation == gw->generation)
		gw->gated_gid = gid;
	free(lookup);
	endpoints_retry(gw->endpoints);
	if (gid == (gid_t)-1)
		log_error(
		    "the gated group @%s cannot be looked up", gateway_settings(gw)->gated);
}

static void
on_backend_user(void *arg, struct people_user *user)
{
	struct lookup *lookup = arg;
	struct gateway *gw = lookup->gw;

	if (lookup->generation == gw->generation && user->status == PROTO_NAME_FOUND)
		gw->backend_uids[gw->backend_uid_count++] = user->uid;
	else if (lookup->generation == gw->generation)
		log_error("backend_uid: a user cannot be looked up");
	free(lookup);
}

static void
resolve_backend_users(struct gateway *gw)
{
	const struct settings *settings = gateway_settings(gw);
	uint64_t uid;

	free(gw->backend_uids);
	gw->backend_uid_count = 0;
	gw->backend_uids = calloc(settings->backend_user_count + 1, sizeof(*gw->backend_uids));
	for (size_t i = 0; gw->backend_uids != NULL && i < settings->backend_user_count; i++) {
		const char *name = settings->backend_users[i];
		struct lookup *lookup;

		if (num_parse(name, 0, UINT32_MAX - 1, &uid) == 0) {
			gw->backend_uids[gw->backend_uid_count++] = (uid_t)uid;
			continue;
		}
		lookup = lookup_new(gw, 0);
		if (lookup != NULL && people_ask_user(gw, name, on_backend_user, lookup) < 0)
			free(lookup);
	}
}

static void
on_conn_user(void *arg, struct people_user *user)
{
	struct lookup *lookup = arg;
	struct gateway *gw = lookup->gw;
	struct conn *conn = conns_by_id(gw->conns, lookup->conn_id);

	free(lookup);
	if (conn == NULL)
		return;
	if (user->status == PROTO_NAME_FAILED) {
		log_warn("c%u: the groups of %s cannot be looked up: as before", conn->id,
		    conn->user);
		return;
	}
	if (user->status != PROTO_NAME_FOUND || user->uid != conn->uid || !user->is_only_name) {
		conns_end(gw->conns, conn, "the user is gone, or has another uid");
		return;
	}
	if (conn_set_groups(conn, &user->groups))
		channels_rejudge(gw->channels, conn->id);
}

static void
recheck_conns(struct gateway *gw)
{
	struct conn *conn = NULL;

	while ((conn = conns_next(gw->conns, conn)) != NULL) {
		struct lookup *lookup = lookup_new(gw, conn->id);
		if (lookup != NULL && people_ask_user(gw, conn->user, on_conn_user, lookup) < 0)
			free(lookup);
	}
}

/* After a reload, and whenever the names helper has come back. */
static void
look_up_all(struct gateway *gw)
{
	struct lookup *lookup = lookup_new(gw, 0);

	if (lookup != NULL &&
	    people_ask_group(gw, gateway_settings(gw)->gated, on_gated_gid, lookup) < 0)
		free(lookup);
	resolve_backend_users(gw);
	recheck_conns(gw);
}

void
reload_sweep(struct gateway *gw)
{
	static time_t checked;
	static uint32_t generation;
	static unsigned int starts;
	time_t now = time(NULL);

	if (!servant_is_up(gw->names))
		return;
	if (generation != gw->generation || starts != servant_starts(gw->names)) {
		look_up_all(gw);
		generation = gw->generation;
		starts = servant_starts(gw->names);
		checked = now;
	} else if (now - checked >= (time_t)gateway_settings(gw)->nss_recheck_s) {
		recheck_conns(gw);
		checked = now;
	}
}

static void
swap_in(struct gateway *gw, struct policy *policy)
{
	char text[80];

	policy_free(gw->policy);
	gw->policy = policy;
	gw->generation++;
	gw->loaded = time(NULL);
	gw->gated_gid = (gid_t)-1;
	gw->backend_uid_count = 0; /* nobody, until looked up */
	log_info("policy loaded: %zu VMs, %zu grants", policy_vm_count(policy),
	    policy_grant_count(policy));
	if (gw->endpoints == NULL)
		return; /* at start: main does the rest */
	endpoints_sync(gw->endpoints);
	/* Live channels are judged by the next sweep, when the new groups are known. */
	reload_sweep(gw);
	snprintf(text, sizeof(text), "%zu VMs, %zu grants", policy_vm_count(policy),
	    policy_grant_count(policy));
	audit_begin(gw->audit, "reload");
	audit_text(gw->audit, AUDIT_DETAIL, text);
	audit_end_noted(gw->audit);
}

int
reload_policy(struct gateway *gw, struct report *report, bool is_dry_run, bool force)
{
	struct policy *policy = NULL;
	int err;

	tzset(); /* windows are of the wall clock, whose zone may have changed, too */
	err = policy_load(gw->conf_path, report, &policy);
	if (err < 0)
		return err;
	if (gw->policy != NULL && policy_grant_count(gw->policy) > 0 &&
	    policy_grant_count(policy) == 0 && !force)
		err = -EPERM;
	if (err < 0 || is_dry_run) {
		policy_free(policy);
		return err;
	}
	swap_in(gw, policy);
	return 0;
}
