/* What a sallyport-shell at the door wants, from its BEGIN to the answer. */
#ifndef SALLYPORT_DAEMON_VISIT_H
#define SALLYPORT_DAEMON_VISIT_H

#include "daemon/conn.h"
#include "daemon/door.h"

struct visit {
	struct caller *caller; /* NULL when it has gone: then nothing is done any more */
	struct gateway *gw;
	bool is_busy; /* an answer is awaited, whose receiver frees a visit that has gone */
	uint32_t conn_id; /* 0: not registered yet */
	enum proto_ask ask;
	uint8_t flags; /* PROTO_SHELL_* */
	char vm[PROTO_NAME_MAX + 1], right[PROTO_NAME_MAX + 1];
	char command[PROTO_TEXT_MAX + 1]; /* its beginning */
	uint32_t command_len;             /* of the whole */
	unsigned int tries;               /* OTPs refused */
	/* Before it is registered (otp = shell); m_pidfd -1: none. */
	struct proc u, m;
	int m_pidfd;
	struct shell_channel *channel; /* shell_channel.h: that it is the client of; NULL none */
	enum proto_plan plan; /* once decided; PROTO_PLAN_NOTHING: a text of ours */
	/* Of a text that is being sent row by row (shell_page.c). */
	struct {
		uint32_t session, generation;
		size_t next, sent;
	} rows;
};

/* Hangs it on the caller. NULL: malformed or no memory. */
struct visit *visit_new(struct caller *caller, struct wire_in *in);
/* The caller goes. Accepts NULL. */
void visit_gone(struct visit *visit);
/* The awaited answer is there. False when nobody waits for it: the visit is freed. */
bool visit_resume(struct visit *visit);

#endif
