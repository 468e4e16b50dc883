/* Gid and uids of the settings. */
#include "daemon/fixed_names.h"

#include "daemon/door.h"
#include "daemon/endpoint.h"
#include "daemon/people.h"
#include "lib/log.h"
#include "lib/num.h"

#include <errno.h>
#include <stdlib.h>

#define AGAIN_MS       10000 /* what there is not may come to be */
#define AGAIN_ERROR_MS 2000

#define UNKNOWN ((uid_t)-1) /* no process has it */

/* Look-ups are about one policy, and one go at it: later answers are dropped. */
struct lookup {
	struct gateway *gw;
	uint32_t round;
	size_t user; /* of the settings' */
};

static uint32_t round_now, generation_asked;
static size_t awaited; /* answers of this round */
static bool is_error;  /* one of them was none */

static struct lookup *
lookup_new(struct gateway *gw, size_t user)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup != NULL)
		*lookup = (struct lookup){.gw = gw, .round = round_now, .user = user};
	return lookup;
}

/* What came of asking. */
static void
note_asked(int err, struct lookup *lookup)
{
	if (err == 0) {
		awaited++;
		return;
	}
	is_error = true;
	free(lookup);
}

/* To what is not asked any more; the settings may be others already. */
static bool
is_late(const struct lookup *lookup)
{
	return lookup->round != round_now || lookup->gw->generation != generation_asked;
}

static void
on_gated_gid(void *arg, enum proto_name status, gid_t gid)
{
	struct lookup lookup = *(struct lookup *)arg;
	struct gateway *gw = lookup.gw;

	free(arg);
	if (is_late(&lookup))
		return;
	awaited--;
	if (status == PROTO_NAME_FAILED)
		is_error = true;
	else
		gw->gated_gid = gid;
	if (status != PROTO_NAME_FOUND)
		log_error(
		    "the gated group @%s cannot be looked up", gateway_settings(gw)->gated);
	else if (gw->endpoints != NULL)
		endpoints_retry(gw->endpoints);
	if (gw->doors != NULL)
		doors_give_to_group(gw->doors);
}

static void
on_backend_user(void *arg, struct people_user *user)
{
	struct lookup lookup = *(struct lookup *)arg;
	struct gateway *gw = lookup.gw;

	free(arg);
	if (is_late(&lookup))
		return;
	awaited--;
	if (user->status == PROTO_NAME_FAILED)
		is_error = true;
	else
		gw->backend_uids[lookup.user] =
		    user->status == PROTO_NAME_FOUND ? user->uid : UNKNOWN;
	if (user->status != PROTO_NAME_FOUND)
		log_error("backend_uid: %s cannot be looked up",
		    gateway_settings(gw)->backend_users[lookup.user]);
}

/* UNKNOWN: that is a name. */
static uid_t
number_of(const char *user)
{
	uint64_t uid;

	return num_parse(user, 0, UNKNOWN - 1, &uid) == 0 ? (uid_t)uid : UNKNOWN;
}

/* Those of other settings than before: what is a number, and nobody else yet. */
static int
forget_users(struct gateway *gw)
{
	const struct settings *settings = gateway_settings(gw);

	free(gw->backend_uids);
	gw->backend_uid_count = 0;
	gw->backend_uids = calloc(settings->backend_user_count + 1, sizeof(*gw->backend_uids));
	if (gw->backend_uids == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < settings->backend_user_count; i++)
		gw->backend_uids[i] = number_of(settings->backend_users[i]);
	gw->backend_uid_count = settings->backend_user_count;
	return 0;
}

static void
look_up_users(struct gateway *gw)
{
	const struct settings *settings = gateway_settings(gw);

	for (size_t i = 0; i < gw->backend_uid_count; i++) {
		const char *name = settings->backend_users[i];
		struct lookup *lookup;

		if (number_of(name) != UNKNOWN)
			continue;
		lookup = lookup_new(gw, i);
		note_asked(lookup == NULL ? -ENOMEM
					  : people_ask_user(gw, name, on_backend_user, lookup),
		    lookup);
	}
}

void
fixed_names_look_up(struct gateway *gw)
{
	struct lookup *lookup;

	round_now++;
	awaited = 0;
	is_error = false;
	if ((generation_asked != gw->generation || gw->backend_uids == NULL) &&
	    forget_users(gw) < 0)
		is_error = true;
	generation_asked = gw->generation;
	lookup = lookup_new(gw, 0);
	note_asked(lookup == NULL ? -ENOMEM
				  : people_ask_group(
					gw, gateway_settings(gw)->gated, on_gated_gid, lookup),
	    lookup);
	look_up_users(gw);
}

static size_t
known_users(const struct gateway *gw)
{
	size_t known = 0;

	for (size_t i = 0; i < gw->backend_uid_count; i++)
		known += gw->backend_uids[i] != UNKNOWN;
	return known;
}

static bool
is_all_known(const struct gateway *gw)
{
	return gw->gated_gid != (gid_t)-1 &&
	       known_users(gw) == gateway_settings(gw)->backend_user_count;
}

bool
fixed_names_are_awaited(const struct gateway *gw)
{
	return round_now == 0 || generation_asked != gw->generation ||
	       (awaited > 0 && !is_all_known(gw)) || (is_error && known_users(gw) == 0);
}

int64_t
fixed_names_again_ms(const struct gateway *gw)
{
	if (round_now == 0)
		return 0;
	if (awaited > 0)
		return INT64_MAX;
	if (is_error)
		return AGAIN_ERROR_MS;
	return is_all_known(gw) ? INT64_MAX : AGAIN_MS;
}
