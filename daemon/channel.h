/* A channel: one thing that passes the gate: may he, connect to the VM, who is there,
 * record, look again, over to the relay. */
#ifndef SALLYPORT_DAEMON_CHANNEL_H
#define SALLYPORT_DAEMON_CHANNEL_H

#include "daemon/conn.h"
#include "daemon/gateway.h"
#include "policy/vm.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

enum channel_state {
	CHANNEL_DIALING = 0,
	CHANNEL_RECORDING,
	CHANNEL_RELAYED,
	CHANNEL_STOPPING,
	CHANNEL_GREETING, /* the relay reads what it wants */
	CHANNEL_SEATING,  /* until its seat is free */
};
struct channel {
	LIST_ENTRY(channel) link; struct finder_link by_id, by_conn, by_uid; /* channels.c's */
	struct gateway *gw;
	enum channel_state state;
	uint32_t id, conn_id; /* ch340, c12 */
	uid_t uid;
	char user[PROTO_NAME_MAX + 1], vm[PROTO_NAME_MAX + 1], right[PROTO_NAME_MAX + 1];
	int client_fd, vm_fd; /* ours until the relay has them */
	struct dial *dial;
	struct target target; /* where it leads; its name is ours */
	char line[96];        /* the grant that allowed it */
	struct shell_channel *shell; /* shell_channel.h: its client; NULL: an endpoint's */
	struct console *console; /* consoles.h; NULL: none yet */
	uint8_t type, type_id;   /* of a SPICE channel that has greeted */
	uint32_t may, needs;     /* SPICE_MAY_*: given to it; all of which it must keep */
	const char *granted;     /* of right, for the record: "spice:view"; NULL: all (static) */
	bool is_greeted, is_denied, is_closed; /* the relay has the client; on record; in order */
	uint64_t up, down;          /* as last counted */
	uint32_t judged, told_look; /* generation of the policy that did; channel_relay.c's */
	time_t next_judge, since;   /* when that verdict may change; 0: never */
	int64_t opened_ms;          /* on record */
	char end_reason[128]; /* "": it was not told to end */
};

/* fd, an accepted connection of conn's U to (vm, right), is taken over: it is closed on a
 * denial, which is put on record here. shell: for whom fd's other end is; NULL: not ours. */
void channel_open(struct gateway *gw, int fd, struct conn *conn, const char *vm,
    const char *right, struct shell_channel *shell);
/* It may be: connects to the VM. */
void channel_connect(struct channel *ch);
/* Closed before anything passed, and on record as denied; ch is gone. SPICE is told so. */
void channel_deny(struct channel *ch, const char *reason, uint8_t link_error);
/* It is to end, wherever it is on its way; the first reason stays. */
void channel_end(struct channel *ch, const char *reason);
/* It has ended after its open was on record: so is its end; ch is gone. up: to the VM. */
void channel_ended(struct channel *ch, const char *reason, uint64_t up, uint64_t down);

#endif
