/* Giving up root for good. */
#ifndef SALLYPORT_LIB_DROP_H
#define SALLYPORT_LIB_DROP_H

/* Becomes the named system account: its uid and gid in all three places, no
 * supplementary groups, no capability, no way back (proved by trying), no new
 * privileges by exec, not dumpable. Call before the first byte of input.
 * 0; -ENOENT when there is no such account; -EPERM when root could be regained
 * or the account is uid 0; -errno. On error the caller must end. */
int drop_to_account(const char *name);

/* The same, but for one capability (CAP_... of linux/capability.h), which stays
 * permitted and effective. Also -EPERM when this process does not have it. */
int drop_to_account_keeping(const char *name, int capability);

/* drop_to_account, but for one supplementary group, if there is a group of that name;
 * it must not be that of gid 0. */
int drop_to_account_in(const char *name, const char *group);

#endif
