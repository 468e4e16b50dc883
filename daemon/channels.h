/* All channels: found by number or by connection, counted, ended, judged again. */
#ifndef SALLYPORT_DAEMON_CHANNELS_H
#define SALLYPORT_DAEMON_CHANNELS_H

#include "daemon/channel.h"
#include "daemon/gate.h"

#include <stdbool.h>

struct channels *channels_new(void);
/* Ends and records all: the daemon stops. */
void channels_stop(struct channels *channels);
void channels_free(struct channels *channels);

/* For channel.c: one in CHANNEL_DIALING for fd, which becomes its own, to what lies
 * at (vm, right) now. NULL without memory. */
struct channel *channels_add(
    struct gateway *gw, int fd, const struct conn *conn, const char *vm, const char *right);
/* Closes what it has and frees it, without a record. */
void channels_drop(struct channel *ch);

struct channel *channels_by_id(struct channels *channels, uint32_t id);
/* In any order: channels_next(channels, NULL), then each one's next. */
struct channel *channels_next(struct channels *channels, const struct channel *ch);
size_t channels_count(const struct channels *channels);
size_t channels_count_of(const struct channels *channels, uint32_t conn_id);
size_t channels_count_uid(const struct channels *channels, uid_t uid);
/* Of these, half open: they have not said yet what they want. */
size_t channels_count_greeting(const struct channels *channels, uid_t uid);

/* How many end by it: with a console's first channel all of that console's; 0: there is
 * none of that number. */
size_t channels_end_one(struct channels *channels, uint32_t id, const char *reason);
/* All channels of a connection, because it ends. */
void channels_end_of(struct channels *channels, uint32_t conn_id, const char *reason);
/* Once a second and after a reload: ends those that policy no longer allows. */
void channels_judge(struct channels *channels);
/* The groups of this connection's user were read anew: judge its channels next. */
void channels_rejudge(struct channels *channels, uint32_t conn_id);
/* Those of conn that another policy would not allow, with the reason. */
void channels_foresee(struct channels *channels, const struct conn *conn,
    const struct gate_by *by,
    void (*fn)(void *arg, const struct channel *ch, const char *reason), void *arg);

#endif
