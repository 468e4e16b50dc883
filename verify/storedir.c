/* The store's folder. */
#include "verify/storedir.h"

#include "lib/io.h"
#include "lib/log.h"
#include "verify/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

bool
storedir_is_local(unsigned long type)
{
	/* statfs(2): NFS, CIFS, SMB, SMB2, FUSE, 9P, Ceph, AFS, Coda */
	static const unsigned long remote[] = {0x6969, 0xff534d42, 0x517b, 0xfe534d42,
	    0x65735546, 0x01021997, 0x00c36400, 0x5346414f, 0x73757245};

	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if ((type & 0xffffffff) == remote[i])
			return false;
	return true;
}

static int
refuse(const char *dir, const char *why, int err)
{
	log_error("store folder %s %s", dir, why);
	return err;
}

int
storedir_sync_name(const char *path)
{
	char *copy = strdup(path);
	int err = 0, fd;

	if (copy == NULL)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		err = -errno;
	io_close(&fd);
	free(copy);
	return err;
}

static int
own(int fd, const char *dir, const struct passwd *pw)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return refuse(dir, strerror(errno), -EIO);
	if (st.st_uid != 0 && st.st_uid != pw->pw_uid)
		return refuse(dir, "belongs to another account", -EPERM);
	if (!storedir_is_local((unsigned long)fs.f_type))
		return refuse(dir,
		    "is on a network or FUSE file system, where a counter "
		    "can be lost: put it on a local disk",
		    -EMEDIUMTYPE);
	if (fchmod(fd, 0700) < 0 || fchown(fd, pw->pw_uid, pw->pw_gid) < 0)
		return refuse(dir, strerror(errno), -EIO);
	return 0;
}

int
storedir_prepare(const char *dir, const char *account, bool *has_store)
{
	const struct passwd *pw = getpwnam(account);
	struct stat st;
	int err, fd;

	if (pw == NULL) {
		log_error("there is no account %s", account);
		return -ENOENT;
	}
	if (mkdir(dir, 0700) == 0) {
		/* It must not vanish in a power cut, with all that is in it. */
		err = storedir_sync_name(dir);
		if (err < 0)
			return refuse(dir, strerror(-err), err);
	} else if (errno != EEXIST) {
		return refuse(dir, strerror(errno), -EIO);
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return refuse(dir, strerror(errno), -ENOTDIR);
	err = own(fd, dir, pw);
	*has_store = fstatat(fd, STORE_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
	io_close(&fd);
	return err;
}
