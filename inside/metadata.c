/* Landlock says which files may be opened; of what is done to a file by its path alone it
 * knows nothing, and the filter denies that where paths are real. Here the programs'
 * calls of that kind are made on an opened file instead: so Landlock decides. In a root of
 * its own they are what they were. */
#include "inside/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool
are_paths_real(void)
{
	return inside_inner()->calls.are_paths_real;
}

/* For reading or, where that is not permitted, writing. -1 and errno. */
static int
reach(int folder, const char *path, int flags)
{
	int how = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd;

	if ((flags & AT_SYMLINK_NOFOLLOW) != 0)
		how |= O_NOFOLLOW;
	fd = openat(folder, path, O_RDONLY | how);
	return fd < 0 && errno == EACCES ? openat(folder, path, O_WRONLY | how) : fd;
}

static int
let_go(int fd, int result)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return result;
}

int
fchmodat(int folder, const char *path, mode_t mode, int flags)
{
	int fd;

	/* The kernel's own call knows no flags. */
	if (!are_paths_real() && flags == 0)
		return (int)syscall(SYS_fchmodat, folder, path, mode);
	fd = reach(folder, path, flags);
	return fd < 0 ? -1 : let_go(fd, fchmod(fd, mode));
}

int
chmod(const char *path, mode_t mode)
{
	return fchmodat(AT_FDCWD, path, mode, 0);
}

int
lchmod(const char *path, mode_t mode)
{
	return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}

int
fchownat(int folder, const char *path, uid_t uid, gid_t gid, int flags)
{
	int fd;

	if (!are_paths_real())
		return (int)syscall(SYS_fchownat, folder, path, uid, gid, flags);
	fd = reach(folder, path, flags);
	return fd < 0 ? -1 : let_go(fd, fchown(fd, uid, gid));
}

int
chown(const char *path, uid_t uid, gid_t gid)
{
	return fchownat(AT_FDCWD, path, uid, gid, 0);
}

int
lchown(const char *path, uid_t uid, gid_t gid)
{
	return fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

/* A symbolic link's own times cannot be set by an opened file: they stay, without an
 * error, as where there is no such call. */
int
utimensat(int folder, const char *path, const struct timespec times[2], int flags)
{
	int fd;

	if (!are_paths_real())
		return (int)syscall(SYS_utimensat, folder, path, times, flags);
	fd = reach(folder, path, flags);
	if (fd < 0)
		return errno == ELOOP && (flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : -1;
	return let_go(fd, futimens(fd, times));
}

static int
set_times(const char *path, const struct timeval times[2], int flags)
{
	struct timespec spec[2];

	for (size_t i = 0; times != NULL && i < 2; i++) {
		if (times[i].tv_usec < 0 || times[i].tv_usec >= 1000000) {
			errno = EINVAL;
			return -1;
		}
		spec[i].tv_sec = times[i].tv_sec;
		spec[i].tv_nsec = times[i].tv_usec * 1000;
	}
	return utimensat(AT_FDCWD, path, times == NULL ? NULL : spec, flags);
}

int
utimes(const char *path, const struct timeval times[2])
{
	return set_times(path, times, 0);
}

int
lutimes(const char *path, const struct timeval times[2])
{
	return set_times(path, times, AT_SYMLINK_NOFOLLOW);
}

int
truncate(const char *path, off_t len)
{
	int fd;

	if (!are_paths_real())
		return (int)syscall(SYS_truncate, path, len);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -1 : let_go(fd, ftruncate(fd, len));
}

static int
set_attribute(
    const char *path, const char *name, const void *value, size_t size, int how, int flags)
{
	int fd = reach(AT_FDCWD, path, flags);

	return fd < 0 ? -1 : let_go(fd, fsetxattr(fd, name, value, size, how));
}

int
setxattr(const char *path, const char *name, const void *value, size_t size, int how)
{
	if (are_paths_real())
		return set_attribute(path, name, value, size, how, 0);
	return (int)syscall(SYS_setxattr, path, name, value, size, how);
}

int
lsetxattr(const char *path, const char *name, const void *value, size_t size, int how)
{
	if (are_paths_real())
		return set_attribute(path, name, value, size, how, AT_SYMLINK_NOFOLLOW);
	return (int)syscall(SYS_lsetxattr, path, name, value, size, how);
}

int
lremovexattr(const char *path, const char *name)
{
	int fd;

	if (!are_paths_real())
		return (int)syscall(SYS_lremovexattr, path, name);
	fd = reach(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
	return fd < 0 ? -1 : let_go(fd, fremovexattr(fd, name));
}
