/* /proc/PID/cgroup and the files of a cgroup (Linux: cgroup v2). */
#include "daemon/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOUNT       "/sys/fs/cgroup"
#define TEXT_LENGTH 512
#define PATH_LENGTH (TEXT_LENGTH + sizeof(MOUNT "/unified"))

static ssize_t
read_file(int folder, const char *path, char *text, size_t cap)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, cap - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

bool
scope_is_session(const char *path, uid_t uid)
{
	char start[80];
	size_t len, id;

	len = (size_t)snprintf(
	    start, sizeof(start), "/user.slice/user-%u.slice/session-", (unsigned int)uid);
	if (uid == 0 || strncmp(path, start, len) != 0)
		return false;
	path += len;
	id = strspn(path, "0123456789abcdefghijklmnopqrstuvwxyz");
	return id > 0 && strcmp(path + id, ".scope") == 0;
}

/* Below the mount of v2, which has a folder of its own where v1 is in use beside it. */
static int
open_below(const char *group)
{
	static const char *const mounts[] = {MOUNT, MOUNT "/unified"};
	char path[PATH_LENGTH];
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", mounts[i], group);
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	}
	return fd < 0 ? -errno : fd;
}

int
scope_open(pid_t pid, uid_t uid)
{
	char proc[40], text[TEXT_LENGTH];
	char *line, *end;

	snprintf(proc, sizeof(proc), "/proc/%d/cgroup", (int)pid);
	if (read_file(AT_FDCWD, proc, text, sizeof(text)) <= 0)
		return -ENOENT;
	/* The line of v2; with v1 controllers beside it, it is the last. */
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	end = line != NULL ? strchr(line + 1, '\n') : NULL;
	if (end == NULL)
		return -ENOENT;
	*end = '\0';
	line = strchr(line, '/');
	if (line == NULL || !scope_is_session(line, uid))
		return -ENOENT;
	return open_below(line);
}

bool
scope_is_populated(int scope)
{
	char text[256];

	return scope >= 0 && read_file(scope, "cgroup.events", text, sizeof(text)) > 0 &&
	       strstr(text, "populated 1") != NULL;
}

int
scope_kill(int scope)
{
	int fd = openat(scope, "cgroup.kill", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		err = errno != 0 ? -errno : -EIO;
	close(fd);
	return err;
}
