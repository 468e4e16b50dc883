/* The one place where root is given up. */
#include "lib/drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NONE (-1)

/* The part of the capability in the word i of a set. */
static uint32_t
word_of(int capability, size_t i)
{
	return capability / 32 == (int)i && capability >= 0 ? UINT32_C(1) << capability % 32
							    : 0;
}

/* To be called with capabilities kept over the change of uid. */
static int
keep_only(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].effective = data[i].permitted = word_of(capability, i);
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* The kernel takes capabilities away with uid 0, unless "securebits" say no. */
static int
prove_capability(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (data[i].effective != word_of(capability, i) ||
		    data[i].permitted != word_of(capability, i) || data[i].inheritable != 0)
			return -EPERM;
	return 0;
}

/* Just those groups, or none. */
static bool
has_groups(const gid_t *groups, size_t n)
{
	gid_t now[2];

	return getgroups(2, now) == (int)n && (n == 0 || now[0] == groups[0]);
}

/* Gone for good? Every way back must fail. */
static int
prove(uid_t uid, gid_t gid, const gid_t *groups, size_t n, int capability)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setegid(0) == 0)
		return -EPERM;
	if (getresuid(&r, &e, &s) < 0 || getresgid(&rg, &eg, &sg) < 0)
		return -errno;
	if (r != uid || e != uid || s != uid || rg != gid || eg != gid || sg != gid)
		return -EPERM;
	return has_groups(groups, n) ? prove_capability(capability) : -EPERM;
}

static int
drop(const char *name, const gid_t *groups, size_t n, int capability)
{
	const struct passwd *pw;
	int err;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL)
		return errno != 0 ? -errno : -ENOENT;
	if (pw->pw_uid == 0 || pw->pw_gid == 0)
		return -EPERM;
	if (capability != NONE && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	if (setgroups(n, groups) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return -errno;
	err = capability != NONE ? keep_only(capability) : 0;
	if (err < 0)
		return err;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return prove(pw->pw_uid, pw->pw_gid, groups, n, capability);
}

int
drop_to_account(const char *name)
{
	return drop(name, NULL, 0, NONE);
}

int
drop_to_account_keeping(const char *name, int capability)
{
	return drop(name, NULL, 0, capability);
}

int
drop_to_account_in(const char *name, const char *group)
{
	const struct group *gr;

	errno = 0;
	gr = getgrnam(group);
	if (gr != NULL && gr->gr_gid == 0)
		return -EPERM;
	return drop(name, gr != NULL ? &gr->gr_gid : NULL, gr != NULL, NONE);
}
