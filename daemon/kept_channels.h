/* Which channels are on record as open, in a file of /run: a daemon that was killed told
 * nobody how they ended, so the next one puts that on record, and goes on counting where
 * that one was. Of this boot only; without the file all goes on as if it were empty. */
#ifndef SALLYPORT_DAEMON_KEPT_CHANNELS_H
#define SALLYPORT_DAEMON_KEPT_CHANNELS_H

#include "daemon/audit.h"

#include <stdint.h>

#define KEPT_CHANNELS_PATH "/run/sallyport/channels"

struct kept_channel {
	uint32_t id, conn_id;
	uid_t uid;
	const char *user, *vm, *right; /* as on record */
};

/* boot: what a boot is called. NULL without memory. */
struct kept_channels *kept_channels_new(const char *path, const char *boot);
void kept_channels_free(struct kept_channels *kept); /* accepts NULL */

/* The next channel's number, never 0; no two of one boot have the same. */
uint32_t kept_channels_number(struct kept_channels *kept);
/* Its open is on the way to the recorder; it came to nothing there. */
void kept_channels_add(struct kept_channels *kept, const struct kept_channel *channel);
void kept_channels_drop(struct kept_channels *kept, uint32_t id);
/* Its close is packed; and now all such are on the way. Accepts NULL. */
void kept_channels_leave(struct kept_channels *kept, uint32_t id);
void kept_channels_settle(struct kept_channels *kept);

/* The recorder is up: what the daemon before left open is put on record as ended, some
 * at a time; it stays in the file until that is on disk. */
void kept_channels_close_old(struct kept_channels *kept, struct audit *audit);
/* How many of those are left. */
size_t kept_channels_old(const struct kept_channels *kept);

#endif
