/* A channel: one thing that passes the gate, from accept to the last byte. The way
 * is always the same: who is it, may he, connect to the VM, who is there, record,
 * look again, hand both descriptors to the relay. */
#ifndef SALLYPORT_DAEMON_CHANNEL_H
#define SALLYPORT_DAEMON_CHANNEL_H

#include "daemon/gate.h"

#include <stdbool.h>
#include <stdint.h>

enum channel_state {
	CHANNEL_DIALING = 0,
	CHANNEL_RECORDING,
	CHANNEL_RELAYED,
	CHANNEL_STOPPING,
};

/* What list shows. */
struct channel_info {
	uint32_t id, conn_id;
	const char *user, *vm, *right;
	enum channel_state state;
	time_t since;
};

struct channels *channels_new(struct gateway *gw);
/* Ends and records all: the daemon stops. */
void channels_stop(struct channels *channels);
void channels_free(struct channels *channels);

/* fd, an accepted connection of conn's U to (vm, right), is taken over: it is
 * closed on a denial, which is put on record here. */
void channel_open(struct channels *channels, int fd, struct conn *conn, const char *vm,
    const char *right);

/* False when there is none of that number. */
bool channels_end_one(struct channels *channels, uint32_t id, const char *reason);
/* All channels of a connection, because it ends. */
void channels_end_of(struct channels *channels, uint32_t conn_id, const char *reason);
/* Once a second and after a reload: ends those that policy no longer allows. */
void channels_judge(struct channels *channels);
/* The groups of this connection's user were read anew: judge its channels next. */
void channels_rejudge(struct channels *channels, uint32_t conn_id);

/* The relay's messages. */
void channels_on_notice(struct channels *channels, uint8_t type, struct wire_in *in);
void channels_on_relay_down(struct channels *channels);

size_t channels_count(const struct channels *channels);
size_t channels_count_of(const struct channels *channels, uint32_t conn_id);
void channels_each(const struct channels *channels,
    void (*fn)(void *arg, const struct channel_info *info), void *arg);
/* Those of conn that another policy would not allow, with the reason. */
void channels_foresee(const struct channels *channels, const struct conn *conn,
    const struct gate_by *by,
    void (*fn)(void *arg, const struct channel_info *info, const char *reason), void *arg);

#endif
