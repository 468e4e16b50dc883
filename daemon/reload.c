/* The policy's coming into force: load, look up, foresee, swap, end. */
#include "daemon/reload.h"

#include "daemon/api.h"
#include "daemon/audit.h"
#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/endpoint.h"
#include "daemon/fixed_names.h"
#include "daemon/people.h"
#include "daemon/recheck.h"
#include "daemon/servants.h"
#include "daemon/sessions.h"
#include "daemon/virt.h"
#include "lib/io.h"
#include "lib/log.h"
#include "policy/loading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* How long the new policy waits for look-ups: revocation has 2 s in all. */
#define LOOK_UP_MS     500
#define LOOK_UP_DRY_MS 5000
#define SLICE_MS       2 /* of reading, in a turn of the loop */

/* A user of a live connection, as found for the new policy. */
struct found {
	char name[PROTO_NAME_MAX + 1];
	struct people_user user; /* PROTO_NAME_FAILED until known */
};

struct job {
	struct gateway *gw;
	struct policy_loading *loading; /* while the files are read */
	struct policy *policy;          /* to come */
	bool is_dry_run, is_forced;
	struct found *found;
	size_t count, next; /* users, and which is being looked up */
	struct loop_watch *timer;
	reload_fn *fn;
	void *arg;
	struct reload_result result;
};

static struct job *job;     /* one at a time */
static uint32_t job_number; /* answers to an earlier one are dropped */
static bool hup_waits;

static void
job_free(struct job *j)
{
	for (size_t i = 0; i < j->count; i++)
		conn_groups_free(&j->found[i].user.groups);
	free(j->found);
	policy_loading_free(j->loading);
	policy_free(j->policy);
	loop_watch_free(j->timer);
	report_free(&j->result.report);
	free(j);
}

/* --- in force ----------------------------------------------------------------- */

static void
swap_in(struct gateway *gw, struct policy *policy)
{
	policy_free(gw->policy);
	gw->policy = policy;
	gw->generation++;
	gw->loaded = time(NULL);
	gw->gated_gid = (gid_t)-1;
	gw->backend_uid_count = 0; /* nobody, until looked up */
	log_info("policy loaded: %zu VMs, %zu grants", policy_vm_count(policy),
	    policy_grant_count(policy));
}

static void
record(struct gateway *gw, const struct toll *toll)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "%zu VMs, %zu grants; ended: %zu connections, %zu sessions, "
	    "%zu channels",
	    policy_vm_count(gw->policy), policy_grant_count(gw->policy), toll->conns,
	    toll->sessions, toll->channels);
	audit_begin(gw->audit, "reload");
	audit_text(gw->audit, AUDIT_DETAIL, text);
	audit_end_noted(gw->audit);
}

static const struct people_user *
find_user(const struct job *j, const char *name)
{
	for (size_t i = 0; i < j->count; i++)
		if (strcmp(j->found[i].name, name) == 0)
			return j->found[i].user.status != PROTO_NAME_FAILED ? &j->found[i].user
									    : NULL;
	return NULL;
}

static void
foresee(struct job *j, struct toll *toll)
{
	const struct conn *conn = NULL;

	while ((conn = conns_next(j->gw->conns, conn)) != NULL) {
		const struct people_user *user = find_user(j, conn->user);
		j->result.is_guess = j->result.is_guess || user == NULL;
		toll_add(toll, j->gw, j->policy, conn, user);
	}
}

static bool
is_whole(const struct toll_entry *entry)
{
	return entry->channel_id == 0 && entry->session_id == 0;
}

/* As foreseen. Channels are judged all, by the new policy and the new groups. */
static void
put_in_force(struct job *j, const struct toll *toll)
{
	struct gateway *gw = j->gw;
	struct conn *conn = NULL;

	for (size_t i = 0; i < toll->count; i++) {
		conn = conns_by_id(gw->conns, toll->entries[i].conn_id);
		if (conn != NULL && is_whole(&toll->entries[i]))
			conns_close(gw->conns, conn, toll->entries[i].reason);
	}
	swap_in(gw, j->policy);
	j->policy = NULL;
	for (conn = NULL; (conn = conns_next(gw->conns, conn)) != NULL;) {
		const struct people_user *user = find_user(j, conn->user);
		if (user != NULL && conn->state != CONN_ENDED)
			(void)(conn_set_groups(conn, &user->groups) &&
			       conn_set_home(conn, user->home, user->shell));
	}
	channels_judge(gw->channels);
	sessions_judge(gw->sessions);
	servants_tell(gw);
	api_reload(gw->api);
	virt_reload(gw->virt);
	endpoints_sync(gw->endpoints);
	reload_sweep(gw);
	record(gw, toll);
}

static void
finish(struct job *j)
{
	struct gateway *gw = j->gw;
	struct toll toll = {0};

	job = NULL;
	if (j->result.err == 0) {
		j->result.vms = policy_vm_count(j->policy);
		j->result.grants = policy_grant_count(j->policy);
		foresee(j, &toll);
		j->result.toll = &toll;
		if (!j->is_dry_run)
			put_in_force(j, &toll);
	}
	j->fn(j->arg, &j->result);
	toll_free(&toll);
	job_free(j);
	if (hup_waits) {
		hup_waits = false;
		reload_on_hup(gw);
	}
}

/* --- the users ---------------------------------------------------------------- */

struct ticket {
	uint32_t number;
};

static void
look_up_next(struct job *j);

static void
on_user(void *arg, struct people_user *user)
{
	uint32_t number = ((struct ticket *)arg)->number;

	free(arg);
	if (job == NULL || number != job_number)
		return;
	job->found[job->next].user = *user;
	user->groups = (struct conn_groups){0}; /* ours now */
	job->next++;
	look_up_next(job);
}

/* The next that can be asked for; if there is none, it is done. */
static void
look_up_next(struct job *j)
{
	struct ticket *ticket = calloc(1, sizeof(*ticket));

	if (ticket != NULL && j->next < j->count) {
		ticket->number = job_number;
		if (people_ask_user_of(
			j->gw, j->policy, j->found[j->next].name, on_user, ticket) == 0)
			return;
	}
	free(ticket);
	finish(j);
}

/* Each user of a live connection once. */
static int
list_users(struct job *j)
{
	const struct conn *conn = NULL;

	j->found = calloc(conns_count(j->gw->conns) + 1, sizeof(*j->found));
	if (j->found == NULL)
		return -ENOMEM;
	while ((conn = conns_next(j->gw->conns, conn)) != NULL) {
		size_t i = 0;
		while (i < j->count && strcmp(j->found[i].name, conn->user) != 0)
			i++;
		if (i == j->count)
			memcpy(j->found[j->count++].name, conn->user, sizeof(conn->user));
	}
	return 0;
}

/* --- the files ---------------------------------------------------------------- */

int
reload_first(struct gateway *gw, struct report *report)
{
	struct policy *policy = NULL;
	int err;

	tzset(); /* windows are of the wall clock, whose zone may have changed, too */
	err = policy_load(gw->conf_path, report, &policy);
	if (err == 0)
		swap_in(gw, policy);
	return err;
}

static int
object(const struct job *j)
{
	return policy_grant_count(j->gw->policy) > 0 && policy_grant_count(j->policy) == 0 &&
		       !j->is_forced
		   ? -EPERM
		   : 0;
}

static void
on_loaded(struct job *j, int err)
{
	policy_loading_free(j->loading);
	j->loading = NULL;
	if (err == 0)
		err = object(j);
	if (err == 0 &&
	    (list_users(j) < 0 ||
		loop_timer_set(j->timer, j->is_dry_run ? LOOK_UP_DRY_MS : LOOK_UP_MS) < 0))
		err = -ENOMEM;
	j->result.err = err;
	if (err < 0)
		finish(j);
	else
		look_up_next(j);
}

/* Reads on; or, when all is read, it took too long to look users up. */
static void
on_timer(void *arg, int fd, unsigned int events)
{
	struct job *j = arg;
	int64_t began_ms = io_now_ms();
	int err = 1;

	(void)fd;
	(void)events;
	if (j->loading == NULL) {
		finish(j);
		return;
	}
	while (err > 0 && io_now_ms() - began_ms < SLICE_MS)
		err = policy_loading_step(j->loading, &j->policy);
	if (err > 0 && loop_timer_set(j->timer, 0) < 0)
		err = -ENOMEM;
	if (err <= 0)
		on_loaded(j, err);
}

void
reload_begin(struct gateway *gw, bool is_dry_run, bool force, reload_fn *fn, void *arg)
{
	const struct reload_result busy = {.err = -EBUSY}, no_memory = {.err = -ENOMEM};
	struct job *j = job == NULL ? calloc(1, sizeof(*j)) : NULL;

	if (j == NULL) {
		fn(arg, job != NULL ? &busy : &no_memory);
		return;
	}
	*j = (struct job){
	    .gw = gw, .is_dry_run = is_dry_run, .is_forced = force, .fn = fn, .arg = arg};
	job = j;
	job_number++;
	tzset();
	j->loading = policy_loading_new(gw->conf_path, &j->result.report);
	j->timer = loop_timer(gw->loop, on_timer, j);
	if (j->loading == NULL || j->timer == NULL || loop_timer_set(j->timer, 0) < 0) {
		j->result.err = -ENOMEM;
		finish(j);
	}
}

static void
tell_log(void *arg, const struct reload_result *result)
{
	(void)arg;
	if (result->report.text != NULL)
		log_error("%s", result->report.text);
	if (result->err < 0)
		log_error("the policy was not loaded: %s", result->err == -EPERM
							       ? "it holds no grant at all"
							       : strerror(-result->err));
	else
		log_info("ended by it: %zu connections, %zu sessions, %zu channels",
		    result->toll->conns, result->toll->sessions, result->toll->channels);
}

void
reload_end(void)
{
	hup_waits = false;
	if (job == NULL)
		return;
	job->result.err = -ECANCELED;
	finish(job);
}

void
reload_on_hup(struct gateway *gw)
{
	if (job != NULL)
		hup_waits = true; /* the files may have changed since that one read them */
	else
		reload_begin(gw, false, false, tell_log, NULL);
}

/* --- now and then ------------------------------------------------------------- */

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

void
reload_sweep(struct gateway *gw)
{
	static int64_t checked_ms, tried_ms;
	static uint32_t generation;
	static unsigned int starts;
	static bool changed;
	bool is_new, is_restarted;
	int64_t now_ms = io_now_ms(), again_ms;

	changed = local_files_changed() || changed; /* also of a time without names */
	if (!servant_is_up(gw->names))
		return;
	is_new = generation != gw->generation || changed;
	is_restarted = starts != servant_starts(gw->names);
	again_ms = fixed_names_again_ms(gw);
	if (is_new || (is_restarted && again_ms < INT64_MAX) || now_ms - tried_ms >= again_ms) {
		fixed_names_look_up(gw);
		tried_ms = now_ms;
	}
	if (is_restarted && !is_new && starts != 0)
		recheck_resume(gw);
	if (is_new || starts == 0 ||
	    now_ms - checked_ms >= (int64_t)gateway_settings(gw)->nss_recheck_s * 1000) {
		recheck_conns(gw);
		checked_ms = now_ms;
	}
	generation = gw->generation;
	starts = servant_starts(gw->names);
	changed = false;
}
