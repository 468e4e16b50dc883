/* unshare(2), user_namespaces(7), capabilities(7); system calls as they are, because musl
 * has no libcap. */
#include "files/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of him in this namespace: rsync needs three. */
#define PROCESSES_MAX 64

static int
write_whole(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -EIO;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err = -EIO;
	close(fd);
	return err;
}

static int
map_one(const char *path, unsigned long id)
{
	char text[64];

	snprintf(text, sizeof(text), "%lu %lu 1", id, id);
	return write_whole(path, text);
}

static bool
limit_processes(void)
{
	const struct rlimit few = {.rlim_cur = PROCESSES_MAX, .rlim_max = PROCESSES_MAX};
	struct rlimit now;

	return getrlimit(RLIMIT_NPROC, &now) == 0 &&
	       (now.rlim_max <= PROCESSES_MAX || setrlimit(RLIMIT_NPROC, &few) == 0);
}

int
userns_enter(uid_t uid, gid_t gid)
{
	int err;

	/* /proc/self is root's as long as we may not be dumped. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return -errno;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) <
	    0)
		return -errno;
	err = write_whole("/proc/self/setgroups", "deny");
	if (err == 0)
		err = map_one("/proc/self/gid_map", gid);
	if (err == 0)
		err = map_one("/proc/self/uid_map", uid);
	if (err == 0 && (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || !limit_processes()))
		err = -EIO;
	return err;
}

/* Permitted, effective and inheritable become those of the mask. */
static int
set_caps(uint64_t mask)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (size_t i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted = data[i].inheritable =
		    (uint32_t)(mask >> 32 * i);
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int
userns_keep_chroot(void)
{
	int err;

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (cap != CAP_SYS_CHROOT && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
	err = set_caps(UINT64_C(1) << CAP_SYS_CHROOT);
	if (err < 0)
		return err;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_CHROOT, 0, 0) < 0)
		return -errno;
	return 0;
}

int
userns_drop_all(void)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	return set_caps(0);
}
