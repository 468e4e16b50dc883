/* NSS, read whole. For the CLI only: the daemon asks its names helper. */
#include "cli/members.h"

#include "lib/array.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 65536
#define NO_GID     ((gid_t)-1)

struct search {
	const struct policy *policy;
	struct members *members;
	gid_t *gids; /* of each policy_group; NO_GID: there is no such group */
	size_t count;
};

static struct member *
find_or_add(struct search *search, const char *name)
{
	struct members *members = search->members;
	struct member *member;

	for (size_t i = 0; i < members->count; i++)
		if (strcmp(members->list[i].name, name) == 0)
			return &members->list[i];
	member = array_grow(members->list, members->count, sizeof(*member));
	if (member == NULL)
		return NULL;
	members->list = member;
	member = &members->list[members->count];
	*member = (struct member){.name = strdup(name),
	    .in_group = calloc(search->count + 1, sizeof(bool)),
	    .groups = calloc(search->count + 1, sizeof(char *))};
	members->count++; /* also when incomplete: members_free accepts that */
	return member->name != NULL && member->in_group != NULL && member->groups != NULL
		   ? member
		   : NULL;
}

static void
put_into(const struct search *search, struct member *member, size_t group)
{
	if (member->in_group[group])
		return;
	member->in_group[group] = true;
	member->groups[member->group_count++] = policy_group(search->policy, group);
}

/* The groups' own lists. */
static int
take_lists(struct search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		const struct group *group = getgrnam(policy_group(search->policy, i));

		search->gids[i] = group != NULL ? group->gr_gid : NO_GID;
		for (char **m = group != NULL ? group->gr_mem : NULL; m != NULL && *m != NULL;
		     m++) {
			struct member *member = find_or_add(search, *m);
			if (member == NULL)
				return -ENOMEM;
			put_into(search, member, i);
		}
	}
	return 0;
}

/* Who has one of the groups as primary group stands in no group's list. */
static int
take_primaries(struct search *search)
{
	const struct passwd *pw;
	int err = 0;

	setpwent();
	while (err == 0 && (pw = getpwent()) != NULL) {
		for (size_t i = 0; err == 0 && i < search->count; i++) {
			struct member *member;
			if (search->gids[i] == NO_GID || search->gids[i] != pw->pw_gid)
				continue;
			member = find_or_add(search, pw->pw_name);
			if (member != NULL)
				put_into(search, member, i);
			else
				err = -ENOMEM;
		}
	}
	endpwent();
	return err;
}

static int
take_named(struct search *search)
{
	for (size_t i = 0; i < policy_who_count(search->policy); i++) {
		const char *who = policy_who(search->policy, i);
		if (who[0] != '@' && find_or_add(search, who) == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* A member's other groups, as a login would see them. */
static int
complete(const struct search *search, struct member *member, gid_t *room)
{
	const struct passwd *pw = getpwnam(member->name);
	int n = GROUPS_MAX;

	if (pw == NULL)
		return 0; /* not here yet: his own lines still count */
	member->is_root = pw->pw_uid == 0;
	if (getgrouplist(member->name, pw->pw_gid, room, &n) < 0)
		return -E2BIG;
	for (size_t i = 0; i < search->count; i++)
		for (int j = 0; j < n && search->gids[i] != NO_GID; j++)
			if (room[j] == search->gids[i])
				put_into(search, member, i);
	return 0;
}

int
members_find(const struct policy *policy, struct members *members)
{
	struct search search = {
	    .policy = policy, .members = members, .count = policy_group_count(policy)};
	gid_t *room = calloc(GROUPS_MAX, sizeof(*room));
	int err = -ENOMEM;

	*members = (struct members){0};
	search.gids = calloc(search.count + 1, sizeof(*search.gids));
	if (search.gids == NULL || room == NULL)
		goto out;
	err = take_lists(&search);
	if (err == 0)
		err = take_primaries(&search);
	if (err == 0)
		err = take_named(&search);
	for (size_t i = 0; err == 0 && i < members->count; i++)
		err = complete(&search, &members->list[i], room);
out:
	free(search.gids);
	free(room);
	return err;
}

void
members_free(struct members *members)
{
	for (size_t i = 0; i < members->count; i++) {
		free(members->list[i].name);
		free(members->list[i].in_group);
		free(members->list[i].groups);
	}
	free(members->list);
	*members = (struct members){0};
}
