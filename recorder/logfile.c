/* Opens the audit file by its folder's descriptor, so that what was checked is
 * what is used. */
#include "recorder/logfile.h"

#include "lib/audit_name.h"
#include "lib/io.h"
#include "lib/log.h"

#include <dirent.h>
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
open_file(int folder, const char *name, int flags)
{
	/* O_NONBLOCK: a FIFO in the file's place must not hang us. */
	int fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
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

/* The newest of the files that were written before; "" when there is none. */
static int
find_newest(int folder, char name[AUDIT_NAME_MAX])
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct audit_name newest = {0}, found = {0};
	const struct dirent *entry;

	name[0] = '\0';
	if (dir == NULL) {
		int err = -errno;
		io_close(&copy);
		return err;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (!audit_name_parse(entry->d_name, &found) || found.seq < newest.seq ||
		    strlen(entry->d_name) >= AUDIT_NAME_MAX ||
		    (found.seq == newest.seq && !found.is_plain))
			continue;
		newest = found;
		memcpy(name, entry->d_name, strlen(entry->d_name) + 1);
	}
	closedir(dir);
	return 0;
}

/* The file, made if need be; then the other two. */
static int
open_files(struct logfile *log, const char *name)
{
	char newest[AUDIT_NAME_MAX] = "";
	int err;

	log->fd = open_file(log->folder, name, O_RDWR | O_APPEND);
	if (log->fd == -ENOENT)
		log->fd = make_file(log->folder, name);
	err = log->fd < 0 ? log->fd : lock(log->fd);
	if (err < 0)
		return err;
	log->next = open_file(log->folder, AUDIT_NAME_NEXT, O_RDWR | O_APPEND);
	err = log->next == -ENOENT ? 0 : log->next < 0 ? log->next : lock(log->next);
	if (err == 0)
		err = find_newest(log->folder, newest);
	if (err < 0 || newest[0] == '\0')
		return err;
	log->before = open_file(log->folder, newest, O_RDONLY);
	return log->before < 0 ? log->before : 0;
}

void
logfile_close(struct logfile *log)
{
	io_close(&log->fd);
	io_close(&log->next);
	io_close(&log->before);
	io_close(&log->folder);
}

int
logfile_open(const char *path, struct logfile *log)
{
	char *for_folder = strdup(path), *for_name = strdup(path);
	int err = -ENOMEM;

	*log = (struct logfile){.fd = -1, .next = -1, .before = -1, .folder = -1};
	if (for_folder == NULL || for_name == NULL)
		goto out;
	log->folder = open_folder(dirname(for_folder));
	err = log->folder < 0 ? log->folder : open_files(log, basename(for_name));
out:
	if (err < 0) {
		log_error("%s: %s", path,
		    err == -EPERM   ? "it, its folder or a file beside it is not root's alone"
		    : err == -EBUSY ? "another recorder holds it"
				    : strerror(-err));
		logfile_close(log);
	}
	free(for_folder);
	free(for_name);
	return err < 0 ? err : 0;
}

int
logfile_flush(int fd)
{
	return fdatasync(fd) < 0 ? -errno : 0;
}

int
logfile_flush_all(int fd)
{
	return fsync(fd) < 0 ? -errno : 0;
}

int
logfile_cut(int fd, off_t size)
{
	return ftruncate(fd, size) < 0 ? -errno : 0;
}
