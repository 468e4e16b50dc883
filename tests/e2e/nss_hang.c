/* An NSS service that hangs, as a directory does whose server is gone: every look-up
 * waits while /run/nss-hang exists, and finds nothing once it does not. */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <unistd.h>

enum nss_status
_nss_hang_getpwnam_r(const char *, struct passwd *, char *, size_t, int *);
enum nss_status
_nss_hang_getpwuid_r(uid_t, struct passwd *, char *, size_t, int *);
enum nss_status
_nss_hang_getgrnam_r(const char *, struct group *, char *, size_t, int *);
enum nss_status
_nss_hang_getgrgid_r(gid_t, struct group *, char *, size_t, int *);
enum nss_status
_nss_hang_initgroups_dyn(
    const char *, gid_t, long int *, long int *, gid_t **, long int, int *);

static enum nss_status
hang(int *error)
{
	while (access("/run/nss-hang", F_OK) == 0)
		usleep(50000);
	*error = ENOENT;
	return NSS_STATUS_NOTFOUND;
}

enum nss_status
_nss_hang_getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t len, int *error)
{
	(void)name, (void)pw, (void)buf, (void)len;
	return hang(error);
}

enum nss_status
_nss_hang_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t len, int *error)
{
	(void)uid, (void)pw, (void)buf, (void)len;
	return hang(error);
}

enum nss_status
_nss_hang_getgrnam_r(const char *name, struct group *gr, char *buf, size_t len, int *error)
{
	(void)name, (void)gr, (void)buf, (void)len;
	return hang(error);
}

enum nss_status
_nss_hang_getgrgid_r(gid_t gid, struct group *gr, char *buf, size_t len, int *error)
{
	(void)gid, (void)gr, (void)buf, (void)len;
	return hang(error);
}

enum nss_status
_nss_hang_initgroups_dyn(const char *user, gid_t skip, long int *start, long int *size,
    gid_t **groups, long int limit, int *error)
{
	(void)user, (void)skip, (void)start, (void)size, (void)groups, (void)limit;
	return hang(error);
}
