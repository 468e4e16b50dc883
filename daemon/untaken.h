/* Conversations that are over while a descriptor that we passed still waits there to be
 * received. Until it is, the kernel counts it as root's; where all users' together are more
 * than we may have open ourselves, none can be passed any more, to nobody, nor to the
 * relay. So each stays a caller of its user's. */
#ifndef SALLYPORT_DAEMON_UNTAKEN_H
#define SALLYPORT_DAEMON_UNTAKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct untaken;

struct untaken *untaken_new(void); /* NULL without memory */
void untaken_free(struct untaken *untaken);

/* If something waits in *fd, a Unix socket of ours, it is kept, ended on both sides, and
 * *fd is -1. False: nothing does, or there is no memory. */
bool untaken_keep(struct untaken *untaken, uid_t uid, int *fd);
/* How many are uid's. Those where nothing waits any more are closed first, everybody's. */
size_t untaken_count(struct untaken *untaken, uid_t uid);

#endif
