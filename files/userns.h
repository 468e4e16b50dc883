/* Namespaces of the process's own, and the capabilities that it has in them. */
#ifndef SALLYPORT_FILES_USERNS_H
#define SALLYPORT_FILES_USERNS_H

#include <sys/types.h>

/* New user, mount, network, IPC and UTS namespaces, in which uid and gid are themselves and
 * nobody else exists; few processes. 0; -EPERM, -ENOSPC, -EINVAL, -ENOSYS: not here, and nothing has
 * changed; another -errno: the process is of no use any more. */
int userns_enter(uid_t uid, gid_t gid);
/* Gives up all capabilities but chroot, which what is executed has as well: for the inner
 * step, which gives it up. 0 or -errno. */
int userns_keep_chroot(void);
/* Gives up all of them, for good. 0 or -errno. */
int userns_drop_all(void);

#endif
