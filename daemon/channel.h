/* A channel: one thing that passes the gate, from accept to the last byte. The way
 * is always the same: who is it, may he, connect to the VM, who is there, record,
 * look again, hand both descriptors to the relay. */
#ifndef SALLYPORT_DAEMON_CHANNEL_H
#define SALLYPORT_DAEMON_CHANNEL_H

#include "daemon/conn.h"
#include "daemon/gateway.h"
#include "policy/vm.h"

#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

enum channel_state {
	CHANNEL_DIALING = 0,
	CHANNEL_RECORDING,
	CHANNEL_RELAYED,
	CHANNEL_STOPPING,
};

struct channel {
	LIST_ENTRY(channel) link; /* channels.c's */
	struct gateway *gw;
	enum channel_state state;
	uint32_t id, conn_id; /* ch340, c12 */
	uid_t uid;
	char user[PROTO_NAME_MAX + 1], vm[PROTO_NAME_MAX + 1], right[PROTO_NAME_MAX + 1];
	int client_fd, vm_fd; /* ours until the relay has them */
	struct dial *dial;
	struct target target; /* where it leads; its name is ours */
	char line[96];        /* the grant that allowed it */
	uint32_t judged;      /* generation of the policy that did */
	time_t next_judge;    /* when that verdict may change; 0: never */
	time_t since;
	int64_t opened_ms;
	char end_reason[128]; /* "": it was not told to end */
	int64_t stopped_ms;   /* when the relay was told */
};

/* fd, an accepted connection of conn's U to (vm, right), is taken over: it is
 * closed on a denial, which is put on record here. */
void channel_open(
    struct gateway *gw, int fd, struct conn *conn, const char *vm, const char *right);
/* It is to end, wherever it is on its way; the first reason stays. */
void channel_end(struct channel *ch, const char *reason);
/* It has ended after its open was put on record: so is its end, and ch is gone. up:
 * bytes from the client to the VM. */
void channel_ended(struct channel *ch, const char *reason, uint64_t up, uint64_t down);

#endif
