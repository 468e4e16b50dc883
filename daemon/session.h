/* A session: what sallyport-shell may run or show, from the record before it to the end
 * of its process, which stays the same when it executes something else. A file transfer
 * is one that lives by folders. All of them: sessions.h. */
#ifndef SALLYPORT_DAEMON_SESSION_H
#define SALLYPORT_DAEMON_SESSION_H

#include "daemon/door.h"
#include "daemon/gate.h"
#include "daemon/gateway.h"

struct session;
struct sessions;
struct transfer;
struct audit;

struct session_spec {
	struct conn *conn;
	pid_t pid;
	int pidfd;           /* is duplicated */
	const char *what;    /* for the record: "shell", "run:NAME", "page" … */
	const char *right;   /* the right on the host that it needs; "" for a text of ours */
	const char *command; /* what was asked for, "" if nothing */
	struct transfer *transfer; /* then it lives by this and not by right; taken over, also
	                              on failure. NULL: no files */
};

/* error 0: on record, and still allowed. Else what was to follow must not. */
typedef void session_fn(void *arg, int error, struct session *session);

/* fn is called later, once, unless -errno is returned: -EUSERS when the user has
 * max_sessions already. */
int session_open(struct sessions *sessions, const struct session_spec *spec, session_fn *fn,
    void *arg);
uint32_t session_id(const struct session *session);
/* From now on what its connection opens and is denied is told to caller; of a transfer,
 * that it is to end. False when there is no such session any more. */
bool session_attach(struct sessions *sessions, uint32_t id, struct caller *caller);

/* NULL: it transfers no files. */
const struct transfer *session_transfer(const struct session *session);
/* user, uid, conn, channel, VMs and right, into a record that has begun. */
void session_put_names(const struct session *session, struct audit *audit);
/* So many of its file server's lines are not on record. */
void session_left_out(struct session *session, uint32_t lines);

#endif
