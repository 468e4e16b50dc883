/* Gid and uids of the settings. */
#include "daemon/fixed_names.h"

#include "daemon/door.h"
#include "daemon/endpoint.h"
#include "daemon/people.h"
#include "lib/log.h"
#include "lib/num.h"

#include <stdlib.h>

#define AGAIN_S       10 /* what there is not may come to be */
#define AGAIN_ERROR_S 2

/* Look-ups are about one policy, and one go at it: later answers are dropped. */
struct lookup {
	struct gateway *gw;
	uint32_t round;
};

static uint32_t round_now;
static size_t awaited; /* answers of this round */
static bool is_error;  /* one of them was none */

static struct lookup *
lookup_new(struct gateway *gw)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup != NULL)
		*lookup = (struct lookup){.gw = gw, .round = round_now};
	return lookup;
}

static void
on_gated_gid(void *arg, gid_t gid)
{
	struct lookup lookup = *(struct lookup *)arg;

	free(arg);
	if (lookup.round != round_now)
		return;
	awaited--;
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
	awaited--;
	is_error = is_error || user->status == PROTO_NAME_FAILED;
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
		lookup = lookup_new(gw);
		if (lookup != NULL && people_ask_user(gw, name, on_backend_user, lookup) == 0)
			awaited++;
		else
			free(lookup);
	}
}

void
fixed_names_look_up(struct gateway *gw)
{
	struct lookup *lookup;

	round_now++;
	awaited = 0;
	is_error = false;
	lookup = lookup_new(gw);
	if (lookup != NULL &&
	    people_ask_group(gw, gateway_settings(gw)->gated, on_gated_gid, lookup) == 0)
		awaited++;
	else
		free(lookup);
	resolve_backend_users(gw);
}

bool
fixed_names_are_awaited(const struct gateway *gw)
{
	return round_now == 0 || awaited > 0 || (is_error && gw->backend_uid_count == 0);
}

int64_t
fixed_names_again_s(const struct gateway *gw)
{
	if (awaited > 0)
		return INT64_MAX;
	if (is_error)
		return AGAIN_ERROR_S;
	if (gw->gated_gid == (gid_t)-1 ||
	    gw->backend_uid_count < gateway_settings(gw)->backend_user_count)
		return AGAIN_S;
	return INT64_MAX;
}
