/* The two records of a channel. */
#ifndef SALLYPORT_DAEMON_CHANNEL_RECORD_H
#define SALLYPORT_DAEMON_CHANNEL_RECORD_H

#include "daemon/audit.h"
#include "daemon/channel.h"

/* On disk before anything passes: fn is called later, once, unless -errno is returned. */
int channel_record_open(
    const struct channel *ch, const struct conn *conn, audit_done_fn *fn, void *arg);
void channel_record_close(
    const struct channel *ch, const char *reason, uint64_t up, uint64_t down);

#endif
