/* The records of channels, consoles and seats. */
#ifndef SALLYPORT_DAEMON_CHANNEL_RECORD_H
#define SALLYPORT_DAEMON_CHANNEL_RECORD_H

#include "daemon/audit.h"
#include "daemon/channel.h"
#include "daemon/console.h"
#include "daemon/kept_channels.h"

/* On disk before anything passes: fn is called later, once, unless -errno is returned. */
int channel_record_open(
    const struct channel *ch, const struct conn *conn, audit_done_fn *fn, void *arg);
/* One more channel of a console, which is on record already, if its kind needs a right of
 * its own: a device that is plugged in in mid-session. */
void channel_record_join(const struct channel *ch);
/* Of a console: all its channels in one. */
void channel_record_console(struct gateway *gw, const struct console *console);
/* The seat goes from holder to conn, which asks for it by ch: "displaced". */
void channel_record_seat(const struct channel *ch, const struct conn *conn,
    const struct console *holder, const char *how);
void channel_record_deny(
    const struct channel *ch, const struct conn *conn, const char *reason);
/* Bytes may be CONSOLE_UNCOUNTED. */
void channel_record_close(
    const struct channel *ch, const char *reason, uint64_t up, uint64_t down);
/* The close of one that a daemon before this one opened. As audit_end_durable. */
int channel_record_lost(
    struct audit *audit, const struct kept_channel *channel, audit_done_fn *fn, void *arg);

#endif
