/* Opens the audit file by its folder's descriptor, so that what was checked is
 * what is used. */
#include "recorder/logfile.h"

#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_WAIT_MS 3000

static gid_t
reader_group(void)
{
	const struct group *adm = getgrnam("adm");

	return adm == NULL ? 0 : adm->gr_gid;
}

static int
check_owner(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != type || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	return 0;
}

static int
open_folder(const char *path)
{
	bool is_new = mkdir(path, 0750) == 0;
	int fd, err;

	if (!is_new && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = check_owner(fd, S_IFDIR);
	if (err == 0 && is_new && (fchown(fd, 0, reader_group()) < 0 || fchmod(fd, 0750) < 0))
		err = -errno;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

/* A new file's name must survive a power cut, too: the folder is flushed. */
static int
make_file(int folder, const char *name)
{
	int fd = openat(
	    folder, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	if (fchown(fd, 0, reader_group()) == 0 && fchmod(fd, 0640) == 0 && fsync(fd) == 0 &&
	    fsync(folder) == 0)
		return fd;
	int err = -errno;
	close(fd);
	return err;
}

static int
open_file(int folder, const char *name)
{
	/* O_NONBLOCK: a FIFO in the file's place must not hang us. */
	int fd = openat(folder, name, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return errno == ENOENT ? make_file(folder, name) : -errno;
	err = check_owner(fd, S_IFREG);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

/* The recorder before us may still be at its last flush. */
static int
lock(int fd)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	int64_t deadline_ms = io_now_ms() + LOCK_WAIT_MS;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (io_now_ms() >= deadline_ms)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int
logfile_open(const char *path)
{
	char *for_folder = strdup(path), *for_name = strdup(path);
	int folder = -1, fd = -1, err = -ENOMEM;

	if (for_folder == NULL || for_name == NULL)
		goto out;
	folder = open_folder(dirname(for_folder));
	if (folder < 0) {
		err = folder;
		goto out;
	}
	fd = open_file(folder, basename(for_name));
	err = fd < 0 ? fd : lock(fd);
out:
	if (err < 0) {
		log_error("%s: %s", path,
		    err == -EPERM   ? "it or its folder is not root's alone"
		    : err == -EBUSY ? "another recorder holds it"
				    : strerror(-err));
		io_close(&fd);
	}
	io_close(&folder);
	free(for_folder);
	free(for_name);
	return err < 0 ? err : fd;
}

int
logfile_append(int fd, const void *buf, size_t len)
{
	const char *at = buf;

	while (len > 0) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
logfile_flush(int fd)
{
	return fdatasync(fd) < 0 ? -errno : 0;
}

int
logfile_cut(int fd, off_t size)
{
	return ftruncate(fd, size) < 0 ? -errno : 0;
}
