/* One process at a door. */
#ifndef SALLYPORT_DAEMON_CALLER_H
#define SALLYPORT_DAEMON_CALLER_H

#include "lib/proto.h"

#include <stdint.h>
#include <sys/types.h>

struct gateway;

enum door {
	DOOR_PAM = 0,
	DOOR_ADMIN,
	DOOR_SHELL,
	DOORS,
};

/* One process at a door: one question at a time. */
struct caller {
	struct gateway *gw;
	enum door door;
	pid_t pid;
	uid_t uid;
	int pidfd; /* DOOR_SHELL: of pid; else -1 */
	struct visit *visit; /* DOOR_SHELL: visit.h */
	char user[PROTO_NAME_MAX + 1]; /* whom its last question was about; "" none */
	struct prompt *prompt; /* prompts.c's: the one that he waits at; NULL none */
	struct service *service; /* pam_service.c's: after a BEGIN from outside SSH */
	uint32_t conn_id;   /* after a prompt: the connection; 0 none */
	uint32_t request;   /* id of the question being answered */
	uint8_t request_type; /* 0: none */
	int fd_passed;      /* with the question; -1 none; the handler may take it */
	struct caller **held; /* where the running answer holds this caller, see door_hold */
};

#endif
