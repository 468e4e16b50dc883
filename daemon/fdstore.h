/* The service manager's descriptor store (sd_notify(3), FDSTORE=1): listeners that
 * go on listening while the daemon is started again, so that nobody else can have
 * their address meanwhile. What is handed back is taken for nothing but a
 * descriptor: the one who takes it checks what it is. Never blocks. */
#ifndef SALLYPORT_DAEMON_FDSTORE_H
#define SALLYPORT_DAEMON_FDSTORE_H

#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>

/* FileDescriptorStoreMax= in the unit. All names must fit into one environment
 * string, which ends at 128 KiB. */
#define FDSTORE_MAX 4096

struct fdstore;

/* Takes over what the manager handed back ($LISTEN_PID, $LISTEN_FDS,
 * $LISTEN_FDNAMES, which are removed from the environment). NULL without memory. */
struct fdstore *fdstore_new(struct loop *loop);
/* The manager keeps what it has. Accepts NULL. */
void fdstore_free(struct fdstore *store);

/* How many were handed back and not yet taken. */
size_t fdstore_handed(const struct fdstore *store);
/* One that was handed back under this name: the caller's from now on. -ENOENT. */
int fdstore_take(struct fdstore *store, const char *name);
/* Closes those that nobody took, here and in the store. */
void fdstore_drop_rest(struct fdstore *store);

/* Puts fd, which stays the caller's, into the store; harmless when it is there.
 * Name: printable ASCII without ':', at most 255 bytes. 0, -ENOTCONN without a
 * manager, -ENOSPC, -ENOMEM, -errno. */
int fdstore_keep(struct fdstore *store, const char *name, int fd);
/* Closes all of this name in the store. */
void fdstore_forget(struct fdstore *store, const char *name);

/* The manager has done all it was told (always true without one). */
bool fdstore_is_settled(const struct fdstore *store);

#endif
