/* link, rename, unlink, by the folder's descriptor. */
#include "daemon/logfolder.h"

#include "lib/io.h"
#include "lib/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_S 86400

static int
look(int folder, const char *name, struct stat *st)
{
	return fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* One that is there already is that of a rotation that was given up. */
static int
link_old(int folder, const struct stat *now, const char *name)
{
	struct stat st;

	if (linkat(folder, AUDIT_NAME_NOW, folder, name, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	return look(folder, name, &st) == 0 && is_same(&st, now) ? 0 : -EEXIST;
}

static int
make_new(int folder, gid_t gid)
{
	int fd, err;

	if (unlinkat(folder, AUDIT_NAME_NEXT, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(folder, AUDIT_NAME_NEXT,
	    O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	/* The lock goes with the descriptor to the recorder. */
	if (fchown(fd, 0, gid) == 0 && fchmod(fd, 0640) == 0 &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int
logfolder_prepare(int folder, const struct audit_name *old)
{
	char name[AUDIT_NAME_MAX];
	struct stat now;
	int err = look(folder, AUDIT_NAME_NOW, &now), fd;

	if (err < 0 || !S_ISREG(now.st_mode))
		return err < 0 ? err : -EINVAL;
	fd = make_new(folder, now.st_gid);
	if (fd < 0)
		return fd;
	audit_name_format(old, name);
	err = link_old(folder, &now, name);
	if (err < 0) {
		close(fd);
		(void)unlinkat(folder, AUDIT_NAME_NEXT, 0);
	}
	return err < 0 ? err : fd;
}

int
logfolder_finish(int folder)
{
	struct stat now;
	int err = look(folder, AUDIT_NAME_NEXT, &now);

	if (err < 0)
		return err;
	err = look(folder, AUDIT_NAME_NOW, &now);
	if (err == 0 && now.st_nlink < 2)
		return -ENOLINK;
	if (err < 0 && err != -ENOENT)
		return err;
	return renameat(folder, AUDIT_NAME_NEXT, folder, AUDIT_NAME_NOW) < 0 ? -errno : 0;
}

/* A stream over the folder of its own; NULL, and errno. */
static DIR *
list(int folder)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (dir == NULL)
		io_close(&copy);
	return dir;
}

void
logfolder_abandon(int folder)
{
	const struct dirent *entry;
	struct audit_name name;
	struct stat now, st;
	DIR *dir;

	(void)unlinkat(folder, AUDIT_NAME_NEXT, 0);
	if (look(folder, AUDIT_NAME_NOW, &now) < 0 || now.st_nlink < 2)
		return;
	dir = list(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (audit_name_parse(entry->d_name, &name) &&
		    look(folder, entry->d_name, &st) == 0 && is_same(&st, &now))
			(void)unlinkat(folder, entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

int
logfolder_oldest(
    int folder, int64_t now_day, char name[AUDIT_NAME_MAX], int64_t *day, int64_t *until)
{
	struct audit_name oldest = {.seq = UINT64_MAX}, second = oldest, found = {0};
	const struct dirent *entry;
	DIR *dir = list(folder);
	struct stat st;

	name[0] = '\0';
	if (dir == NULL)
		return -errno;
	while ((entry = readdir(dir)) != NULL) {
		if (!audit_name_parse(entry->d_name, &found) ||
		    strlen(entry->d_name) >= AUDIT_NAME_MAX)
			continue;
		if (found.seq < oldest.seq) {
			second = oldest;
			oldest = found;
			memcpy(name, entry->d_name, strlen(entry->d_name) + 1);
		} else if (found.seq < second.seq) {
			second = found;
		}
	}
	closedir(dir);
	*day = oldest.day;
	*until = second.seq < UINT64_MAX ? second.day : now_day;
	/* The days are the recorder's word; when the file was written last is not. */
	if (name[0] != '\0' && look(folder, name, &st) == 0 &&
	    st.st_mtim.tv_sec / DAY_S > *until)
		*until = st.st_mtim.tv_sec / DAY_S;
	return 0;
}

void
logfolder_remove(int folder, const char *name)
{
	pid_t pid = fork();

	/* Reaped with the helpers (main.c). However long it takes, it holds nobody's
	 * sockets. */
	if (pid == 0)
		_exit(dup2(folder, 3) < 0 || close_range(4, ~0U, 0) < 0 ||
		      unlinkat(3, name, 0) < 0);
	if (pid < 0)
		log_error("%s could not be removed: %s", name, strerror(errno));
}
