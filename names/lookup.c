/* The questions to NSS. Its answers grow their buffer; whatever is not plainly
 * found or plainly absent has failed. */
#include "names/lookup.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MIN 4096
#define BUFFER_MAX (16 * 1024 * 1024) /* groups of some 100,000 members */
#define GROUPS_MAX 65536

/* A bigger *buf for the next try after ERANGE. */
static bool
grow(char **buf, size_t *cap)
{
	char *grown;

	if (*cap >= BUFFER_MAX)
		return false;
	*cap = *cap == 0 ? BUFFER_MIN : *cap * 4;
	grown = realloc(*buf, *cap);
	if (grown == NULL)
		return false;
	*buf = grown;
	return true;
}

static bool
can_be_read(const char *path)
{
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return false;
	fclose(f);
	return true;
}

/* glibc answers 0 and no entry for "not found"; an error number, ENOENT too,
 * means that a source could not be asked. But only the last source of
 * nsswitch.conf counts: behind "files systemd" an unreadable file would look
 * like an absent name. So we look at the file ourselves. */
static enum proto_name
judge(int error, const void *entry, const char *path)
{
	if (error != 0)
		return PROTO_NAME_FAILED;
	if (entry != NULL)
		return PROTO_NAME_FOUND;
	return can_be_read(path) ? PROTO_NAME_ABSENT : PROTO_NAME_FAILED;
}

/* Colons and line ends can't be in a name, and are kept from the modules. */
static bool
is_possible(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == ':')
			return false;
	return *name != '\0';
}

/* Empty when it does not fit: half a path is another path. */
static void
copy_path(char to[PROTO_PATH_MAX + 1], const char *path)
{
	size_t len = path != NULL ? strlen(path) : 0;

	to[0] = '\0';
	if (len > 0 && len <= PROTO_PATH_MAX)
		memcpy(to, path, len + 1);
}

static enum proto_name
find_user(const char *name, struct lookup_user *user)
{
	struct passwd pw, *found = NULL;
	enum proto_name result;
	char *buf = NULL;
	size_t cap = 0;
	int error = ERANGE;

	while (error == ERANGE && grow(&buf, &cap))
		error = getpwnam_r(name, &pw, buf, cap, &found);
	result = judge(error, found, LOOKUP_PASSWD);
	if (result == PROTO_NAME_FOUND) {
		user->uid = pw.pw_uid;
		user->gid = pw.pw_gid;
		copy_path(user->home, pw.pw_dir);
		copy_path(user->shell, pw.pw_shell);
	}
	free(buf);
	return result;
}

/* As getpwuid_r; *buf, to be freed, holds its texts. */
static int
find_uid(uid_t uid, struct passwd *pw, struct passwd **found, char **buf)
{
	size_t cap = 0;
	int error = ERANGE;

	*buf = NULL;
	*found = NULL;
	while (error == ERANGE && grow(buf, &cap))
		error = getpwuid_r(uid, pw, *buf, cap, found);
	return error;
}

/* Does the uid lead back to the same name? Not when a source folds upper and
 * lower case and the user wrote it otherwise. */
static enum proto_name
find_back(const char *name, uid_t uid, bool *is_same)
{
	struct passwd pw, *found;
	char *buf;
	int error = find_uid(uid, &pw, &found, &buf);

	*is_same = error == 0 && found != NULL && strcmp(pw.pw_name, name) == 0;
	free(buf);
	return error == 0 ? PROTO_NAME_FOUND : PROTO_NAME_FAILED;
}

enum proto_name
lookup_name(uid_t uid, char *name)
{
	struct passwd pw, *found;
	char *buf;
	int error = find_uid(uid, &pw, &found, &buf);
	enum proto_name result = judge(error, found, LOOKUP_PASSWD);

	if (result == PROTO_NAME_FOUND && strlen(pw.pw_name) > PROTO_NAME_MAX)
		result = PROTO_NAME_FAILED;
	if (result == PROTO_NAME_FOUND)
		memcpy(name, pw.pw_name, strlen(pw.pw_name) + 1);
	free(buf);
	return result;
}

int
lookup_scan(const char *path, const char *name, uid_t uid, size_t *others)
{
	struct passwd pw, *entry;
	char buf[65536];
	int error;
	FILE *f = fopen(path, "re");

	*others = 0;
	if (f == NULL)
		return -errno;
	while ((error = fgetpwent_r(f, &pw, buf, sizeof(buf), &entry)) == 0)
		if (pw.pw_uid == uid && strcmp(pw.pw_name, name) != 0)
			++*others;
	if (error == ENOENT && !ferror(f))
		error = 0; /* the end of the file */
	fclose(f);
	return -error;
}

/* getgrouplist tells of no error but a short buffer: a directory that could not
 * be asked shows when the group itself is looked up, the file here. */
static enum proto_name
find_groups(const char *name, struct lookup_user *user)
{
	int count = 64, before;

	if (!can_be_read(LOOKUP_GROUP))
		return PROTO_NAME_FAILED;
	do {
		gid_t *grown = reallocarray(user->groups, (size_t)count, sizeof(gid_t));
		if (grown == NULL)
			return PROTO_NAME_FAILED;
		user->groups = grown;
		user->group_count = before = count;
		if (getgrouplist(name, user->gid, user->groups, &count) >= 0) {
			user->group_count = count;
			return PROTO_NAME_FOUND;
		}
	} while (count > before && count <= GROUPS_MAX);
	return PROTO_NAME_FAILED;
}

enum proto_name
lookup_user(const char *name, struct lookup_user *user)
{
	enum proto_name result;
	size_t others;

	*user = (struct lookup_user){0};
	if (!is_possible(name))
		return PROTO_NAME_ABSENT;
	result = find_user(name, user);
	if (result == PROTO_NAME_FOUND)
		result = find_back(name, user->uid, &user->has_one_name);
	if (result == PROTO_NAME_FOUND &&
	    lookup_scan(LOOKUP_PASSWD, name, user->uid, &others) < 0)
		result = PROTO_NAME_FAILED;
	if (result == PROTO_NAME_FOUND && others > 0)
		user->has_one_name = false;
	if (result == PROTO_NAME_FOUND)
		result = find_groups(name, user);
	return result;
}

void
lookup_user_free(struct lookup_user *user)
{
	free(user->groups);
	*user = (struct lookup_user){0};
}

static bool
is_listed(char *const *members, const char *user)
{
	for (; user != NULL && members != NULL && *members != NULL; members++)
		if (strcmp(*members, user) == 0)
			return true;
	return false;
}

enum proto_name
lookup_group(const char *name, const char *user, gid_t *gid, bool *lists_user)
{
	struct group gr, *found = NULL;
	char *buf = NULL;
	size_t cap = 0;
	int error = ERANGE;

	if (lists_user != NULL)
		*lists_user = false;
	if (!is_possible(name))
		return PROTO_NAME_ABSENT;
	while (error == ERANGE && grow(&buf, &cap))
		error = getgrnam_r(name, &gr, buf, cap, &found);
	if (error == 0 && found != NULL) {
		*gid = gr.gr_gid;
		if (lists_user != NULL)
			*lists_user = is_listed(gr.gr_mem, user);
	}
	free(buf);
	return judge(error, found, LOOKUP_GROUP);
}

enum proto_name
lookup_member(
    const struct lookup_user *user, const char *name, const char *group, bool *is_member)
{
	gid_t gid = 0;
	bool listed;
	enum proto_name result = lookup_group(group, name, &gid, &listed);

	*is_member = false;
	if (result != PROTO_NAME_FOUND)
		return result == PROTO_NAME_ABSENT ? PROTO_NAME_FOUND : result;
	*is_member = listed;
	for (int i = 0; i < user->group_count; i++)
		if (user->groups[i] == gid)
			*is_member = true;
	return PROTO_NAME_FOUND;
}
