/* Sessions: what sallyport-shell may run or show, from the record before it to the
 * end of its process, which stays the same when it executes something else. */
#ifndef SALLYPORT_DAEMON_SESSION_H
#define SALLYPORT_DAEMON_SESSION_H

#include "daemon/door.h"
#include "daemon/gate.h"
#include "daemon/gateway.h"

struct session;

struct session_spec {
	struct conn *conn;
	pid_t pid;
	int pidfd;           /* is duplicated */
	const char *what;    /* for the record: "shell", "run:NAME", "page" … */
	const char *right;   /* the right on the host that it needs; "" for a text of ours */
	const char *command; /* what was asked for, "" if nothing */
};

/* error 0: on record, and still allowed. Else what was to follow must not. */
typedef void session_fn(void *arg, int error, struct session *session);

struct sessions *sessions_new(struct gateway *gw);
/* The daemon stops: their ends are not seen any more, which is put on record. */
void sessions_stop(struct sessions *sessions);
void sessions_free(struct sessions *sessions);

/* fn is called later, once, unless -errno is returned: -EUSERS when the user has
 * max_sessions already. */
int session_open(struct sessions *sessions, const struct session_spec *spec, session_fn *fn,
    void *arg);
uint32_t session_id(const struct session *session);
/* From now on what its connection opens and is denied is told to caller. False when
 * there is no such session any more. */
bool session_attach(struct sessions *sessions, uint32_t id, struct caller *caller);
/* To those attached of that connection; who doesn't read loses lines. */
void sessions_tell(struct sessions *sessions, uint32_t conn_id, const char *vm,
    const char *right, const char *what);

void sessions_end_of(struct sessions *sessions, uint32_t conn_id, const char *reason);
/* Once a second: ends those that policy no longer allows. */
void sessions_judge(struct sessions *sessions);
/* The groups of this connection's user were read anew: judge its sessions next. */
void sessions_rejudge(struct sessions *sessions, uint32_t conn_id);
size_t sessions_count(const struct sessions *sessions);
size_t sessions_count_of(const struct sessions *sessions, uint32_t conn_id);
/* Those of conn that another policy would not allow, with what they run, the right
 * and the reason. */
void sessions_foresee(const struct sessions *sessions, const struct conn *conn,
    const struct gate_by *by,
    void (*fn)(void *arg, uint32_t id, const char *what, const char *reason), void *arg);

#endif
