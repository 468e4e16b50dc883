/* Built on a tmpfs over /proc, where nothing lies that anybody could want to be shown;
 * mounts are cloned, restricted, and only then put in (mount_setattr(2)). */
#include "files/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SITE "/proc"
#define ROOM "/closed"

/* <linux/mount.h>, which not every libc lets in beside its own. */
#define CLONE_TREE    1 /* open_tree */
#define CLONE_CLOEXEC O_CLOEXEC
#define EMPTY_PATH    0x1000
#define WHOLE_TREE    0x8000 /* AT_RECURSIVE */
#define FROM_EMPTY    0x4    /* move_mount: what the descriptor is */
#define ATTR_RDONLY   0x1
#define ATTR_NOSUID   0x2
#define ATTR_NODEV    0x4
#define ATTR_NOEXEC   0x8

struct attributes {
	uint64_t set, clear, propagation, userns;
};

static int
restrict_mount(int fd, const char *path, unsigned int flags, uint64_t set)
{
	const struct attributes attr = {.set = set, .propagation = MS_PRIVATE};

	return syscall(SYS_mount_setattr, fd, path, flags, &attr, sizeof(attr)) < 0 ? -errno
										    : 0;
}

/* What fd and path name, with all below it, as a mount of its own with these
 * attributes, put at target below the site. */
static int
put(int fd, const char *path, unsigned int flags, const char *target, uint64_t set)
{
	long tree =
	    syscall(SYS_open_tree, fd, path, CLONE_TREE | CLONE_CLOEXEC | WHOLE_TREE | flags);
	int err;

	if (tree < 0)
		return -errno;
	err = restrict_mount((int)tree, "", EMPTY_PATH | WHOLE_TREE, set);
	if (err == 0 &&
	    syscall(SYS_move_mount, tree, "", AT_FDCWD, target, (unsigned int)FROM_EMPTY) < 0)
		err = -errno;
	if (err < 0) {
		close((int)tree);
		return err;
	}
	return (int)tree;
}

/* The site's name of an absolute path; false: too long. */
static bool
below_site(const char *path, char *site)
{
	return snprintf(site, PATH_MAX, SITE "%s", path) < PATH_MAX;
}

/* The folders in which path lies. */
static int
make_parents(char *path)
{
	for (char *p = path + sizeof(SITE); (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

int
tree_begin(void)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	if (mount("sallyport", SITE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		"mode=0755,size=1m,nr_inodes=4096") < 0)
		return -errno;
	if (mkdir(SITE ROOM, 0700) < 0 || mkdir(SITE TREE_PLACE, 0755) < 0)
		return -EIO;
	return 0;
}

static int
show_link(const char *path, const char *site)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len < 0)
		return -errno;
	target[len] = '\0';
	if (symlink(target, site) < 0)
		return -errno;
	len = open(path, O_PATH | O_CLOEXEC);
	return len < 0 ? -errno : (int)len;
}

static int
make_target(const char *site, mode_t mode)
{
	int fd;

	if (S_ISDIR(mode))
		return mkdir(site, 0755) < 0 && errno != EEXIST ? -errno : 0;
	fd = open(site, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int
tree_show(const char *path)
{
	char site[PATH_MAX];
	struct stat st;
	int err;

	if (lstat(path, &st) < 0)
		return -errno;
	if (!below_site(path, site))
		return -ENAMETOOLONG;
	err = make_parents(site);
	if (err < 0)
		return err;
	if (S_ISLNK(st.st_mode))
		return show_link(path, site);
	err = make_target(site, st.st_mode);
	if (err < 0)
		return err;
	return put(AT_FDCWD, path, 0, site, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV);
}

int
tree_show_folder(int folder, const char *name, bool is_writable)
{
	uint64_t set = ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC | (is_writable ? 0 : ATTR_RDONLY);
	char site[PATH_MAX] = SITE TREE_PLACE;
	int len;

	if (name != NULL) {
		len = snprintf(site, sizeof(site), SITE TREE_PLACE "/%s", name);
		if (len < 0 || len >= (int)sizeof(site) || strchr(name, '/') != NULL)
			return -EINVAL;
		if (mkdir(site, 0755) < 0)
			return -errno;
	}
	return put(folder, "", EMPTY_PATH, site, set);
}

/* The old root is put over the new one, and taken off. */
static int
swap_roots(void)
{
	if (chdir(SITE) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

int
tree_enter(void)
{
	int place = open(SITE TREE_PLACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (place < 0)
		return -errno;
	err = swap_roots();
	if (err == 0 && chmod(ROOM, 0) < 0)
		err = -errno;
	if (err == 0)
		err = restrict_mount(AT_FDCWD, "/", 0, ATTR_RDONLY);
	if (err < 0) {
		close(place);
		return err;
	}
	return place;
}
