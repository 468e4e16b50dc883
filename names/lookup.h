/* Users and groups from NSS, without any memory of our own: a change of
 * /etc/passwd or /etc/group counts with the next question. Everything here may
 * block for as long as an NSS module does; whoever asks us kills us then. */
#ifndef SALLYPORT_NAMES_LOOKUP_H
#define SALLYPORT_NAMES_LOOKUP_H

#include "lib/proto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOOKUP_PASSWD "/etc/passwd"
#define LOOKUP_GROUP  "/etc/group"

struct lookup_user {
	uid_t uid;
	gid_t gid;
	bool has_one_name; /* no second user has that uid, as far as can be known */
	char home[PROTO_PATH_MAX + 1], shell[PROTO_PATH_MAX + 1]; /* "" when longer */
	gid_t *groups;     /* of group_count; freed by lookup_user_free */
	int group_count;
};

/* Fills *user when FOUND. An error is never reported as an absence. */
enum proto_name lookup_user(const char *name, struct lookup_user *user);
/* The name that NSS has for uid, into name[PROTO_NAME_MAX + 1]. */
enum proto_name lookup_name(uid_t uid, char *name);
void lookup_user_free(struct lookup_user *user);

/* *gid when FOUND; *lists_user, unless NULL, tells whether the group's own list
 * holds the user's name. */
enum proto_name lookup_group(const char *name, const char *user, gid_t *gid, bool *lists_user);

/* Whether user, FOUND before under that name, is in the group: by its number
 * among all of his, or by name in the group's list. FOUND, and *is_member set
 * (false when there is no such group), or FAILED. */
enum proto_name lookup_member(
    const struct lookup_user *user, const char *name, const char *group, bool *is_member);

/* Counts in *others the names in the passwd file at path that have that uid and
 * are not name. 0, -errno. */
int lookup_scan(const char *path, const char *name, uid_t uid, size_t *others);

#endif
