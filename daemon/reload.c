/* The policy's coming into force, and what must be looked up for it. */
#include "daemon/reload.h"

#include "daemon/audit.h"
#include "daemon/channel.h"
#include "daemon/conns.h"
#include "daemon/door.h"
#include "daemon/endpoint.h"
#include "daemon/people.h"
#include "daemon/servants.h"
#include "daemon/session.h"
#include "lib/log.h"
#include "lib/num.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define RETRY_S 10 /* for what could not be looked up */

/* Look-ups are about one policy, and one go at it: later answers are dropped. */
struct lookup {
	struct gateway *gw;
	uint32_t round;
	uint32_t conn_id; /* whose groups are read anew; 0: none */
};

static uint32_t round_now; /* of the group's and the back ends' look-ups */
static bool is_rechecking; /* one connection after the other: names works serially */
static bool recheck_again;

static void
recheck_after(struct gateway *gw, uint32_t conn_id);

static struct lookup *
lookup_new(struct gateway *gw, uint32_t conn_id)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup != NULL)
		*lookup = (struct lookup){.gw = gw, .round = round_now, .conn_id = conn_id};
	return lookup;
}

static void
on_gated_gid(void *arg, gid_t gid)
{
	struct lookup lookup = *(struct lookup *)arg;

	free(arg);
	if (lookup.round != round_now)
		return;
	lookup.gw->gated_gid = gid;
	if (gid == (gid_t)-1)
		log_error("the gated group @%s cannot be looked up",
		    gateway_settings(lookup.gw)->gated);
	else if (lookup.gw->endpoints != NULL)
		endpoints_retry(lookup.gw->endpoints);
	if (lookup.gw->doors != NULL)
		doors_give_to_group(lookup.gw->doors);
}

static void
on_backend_user(void *arg, struct people_user *user)
{
	struct lookup lookup = *(struct lookup *)arg;
	struct gateway *gw = lookup.gw;

	free(arg);
	if (lookup.round != round_now)
		return;
	if (user->status == PROTO_NAME_FOUND)
		gw->backend_uids[gw->backend_uid_count++] = user->uid;
	else
		log_error("backend_uid: a user cannot be looked up");
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
look_up_fixed(struct gateway *gw)
{
	struct lookup *lookup;

	round_now++;
	lookup = lookup_new(gw, 0);
	if (lookup != NULL &&
	    people_ask_group(gw, gateway_settings(gw)->gated, on_gated_gid, lookup) < 0)
		free(lookup);
	resolve_backend_users(gw);
}

/* False when names could not tell: then the others of this go can wait, too. */
static bool
take_user(struct gateway *gw, struct conn *conn, const struct people_user *user)
{
	if (user->status == PROTO_NAME_FAILED) {
		log_warn("c%u: the groups of %s cannot be looked up: as before", conn->id,
		    conn->user);
		return false;
	}
	if (user->status != PROTO_NAME_FOUND || user->uid != conn->uid || !user->is_only_name)
		conns_close(gw->conns, conn, "the user is gone, or has another uid");
	else if (conn_set_groups(conn, &user->groups) &&
		 conn_set_home(conn, user->home, user->shell)) {
		channels_rejudge(gw->channels, conn->id);
		sessions_rejudge(gw->sessions, conn->id);
	}
	return true;
}

static void
on_conn_user(void *arg, struct people_user *user)
{
	struct lookup lookup = *(struct lookup *)arg;
	struct conn *conn = conns_by_id(lookup.gw->conns, lookup.conn_id);

	free(arg);
	is_rechecking = false;
	if (conn == NULL || take_user(lookup.gw, conn, user))
		recheck_after(lookup.gw, lookup.conn_id);
}

/* The connection with the lowest number above conn_id. */
static struct conn *
conn_above(struct gateway *gw, uint32_t conn_id)
{
	struct conn *conn = NULL, *best = NULL;

	while ((conn = conns_next(gw->conns, conn)) != NULL)
		if (conn->id > conn_id && (best == NULL || conn->id < best->id))
			best = conn;
	return best;
}

static void
recheck_after(struct gateway *gw, uint32_t conn_id)
{
	struct conn *conn = conn_above(gw, conn_id);
	struct lookup *lookup;

	if (conn == NULL && recheck_again) {
		recheck_again = false;
		conn = conn_above(gw, 0);
	}
	if (conn == NULL || (lookup = lookup_new(gw, conn->id)) == NULL)
		return;
	if (people_ask_user(gw, conn->user, on_conn_user, lookup) < 0)
		free(lookup);
	else
		is_rechecking = true;
}

static void
recheck_conns(struct gateway *gw)
{
	if (is_rechecking)
		recheck_again = true;
	else
		recheck_after(gw, 0);
}

/* The local files count at once, a directory behind NSS every nss_recheck. */
static bool
local_files_changed(void)
{
	static struct timespec seen[2];
	static const char *const paths[2] = {"/etc/passwd", "/etc/group"};
	bool changed = false;
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		if (stat(paths[i], &st) < 0 || (st.st_mtim.tv_sec == seen[i].tv_sec &&
						   st.st_mtim.tv_nsec == seen[i].tv_nsec))
			continue;
		changed = changed || seen[i].tv_sec != 0;
		seen[i] = st.st_mtim;
	}
	return changed;
}

static bool
lacks_something(const struct gateway *gw)
{
	return gw->gated_gid == (gid_t)-1 ||
	       gw->backend_uid_count < gateway_settings(gw)->backend_user_count;
}

void
reload_sweep(struct gateway *gw)
{
	static time_t checked, tried;
	static uint32_t generation;
	static unsigned int starts;
	bool changed = local_files_changed();
	time_t now = time(NULL);

	if (!servant_is_up(gw->names))
		return;
	if (generation != gw->generation || starts != servant_starts(gw->names) || changed) {
		look_up_fixed(gw);
		recheck_conns(gw);
		generation = gw->generation;
		starts = servant_starts(gw->names);
		checked = tried = now;
	} else if (now - checked >= (time_t)gateway_settings(gw)->nss_recheck_s) {
		recheck_conns(gw);
		checked = now;
	} else if (lacks_something(gw) && now - tried >= RETRY_S) {
		look_up_fixed(gw);
		tried = now;
	}
}

static void
swap_in(struct gateway *gw, struct policy *policy)
{
	char text[80];

	policy_free(gw->policy);
	gw->policy = policy;
	servants_tell(gw);
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
