/* The daemon's own sockets, pam.sock and admin.sock: callers, their messages and
 * their time. Only root gets in. What a message may do is request.c's table. */
#ifndef SALLYPORT_DAEMON_DOOR_H
#define SALLYPORT_DAEMON_DOOR_H

#include "daemon/gateway.h"
#include "lib/proto.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum door {
	DOOR_PAM = 0,
	DOOR_ADMIN,
	DOORS,
};

/* One process at a door: one question at a time. */
struct caller {
	struct gateway *gw;
	enum door door;
	pid_t pid;
	char user[PROTO_NAME_MAX + 1]; /* whom its last question was about; "" none */
	struct prompt *prompt; /* prompts.c's: the one that he waits at; NULL none */
	struct service *service; /* pam_service.c's: after a BEGIN from outside SSH */
	uint32_t conn_id;   /* after PROTO_PAM_BEGIN: the connection; 0 none */
	uint32_t request;   /* id of the question being answered */
	uint8_t request_type; /* 0: none */
	int fd_passed;      /* with the question; -1 none; the handler may take it */
	struct caller **held; /* where the running answer holds this caller, see door_hold */
};

/* Opens both sockets. NULL when that fails (logged). */
struct doors *doors_new(struct gateway *gw);
void doors_free(struct doors *doors);

/* An answer that comes later holds its caller by *pointer: it becomes NULL when
 * the caller goes. One at a time; door_hold(caller, NULL) lets go. */
void door_hold(struct caller *caller, struct caller **pointer);

/* Begins an answer to the caller's question in a buffer of the door's. */
struct wire_out *door_begin(struct caller *caller, uint8_t type);
/* Sends it; another question may follow once is_last. A caller that does not read
 * is closed: then -EPIPE, and the caller is gone. */
int door_send(struct caller *caller, bool is_last);
/* As door_send of the last answer, but in delay_ms; until then his time does not run
 * out, and he may not ask. */
int door_send_later(struct caller *caller, uint32_t delay_ms);
/* Waits for the caller's next question at most timeout_ms, then closes. */
void door_wait(struct caller *caller, uint32_t timeout_ms);
/* Ends it now. */
void door_close(struct caller *caller);

#endif
