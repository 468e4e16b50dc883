/* All sessions: judged, told, listed and ended. */
#ifndef SALLYPORT_DAEMON_SESSIONS_H
#define SALLYPORT_DAEMON_SESSIONS_H

#include "daemon/session.h"

struct sessions *sessions_new(struct gateway *gw);
/* The daemon stops: their ends are not seen any more, which is put on record. */
void sessions_stop(struct sessions *sessions);
void sessions_free(struct sessions *sessions);

/* To those attached of that connection, but no transfers; who doesn't read loses lines. */
void sessions_tell(struct sessions *sessions, uint32_t conn_id, const char *vm,
    const char *right, const char *what);

void sessions_end_of(struct sessions *sessions, uint32_t conn_id, const char *reason);
/* Ends session sID as policy would; false: there is none, or it is ending. */
bool sessions_end_one(struct sessions *sessions, uint32_t id, const char *reason);
/* Once a second: ends those that policy no longer allows. */
void sessions_judge(struct sessions *sessions);
/* The groups of this connection's user were read anew: judge its sessions next. */
void sessions_rejudge(struct sessions *sessions, uint32_t conn_id);

size_t sessions_count(const struct sessions *sessions);
size_t sessions_count_of(const struct sessions *sessions, uint32_t conn_id);
/* The one that caller is attached to; NULL none. */
struct session *sessions_of_caller(
    const struct sessions *sessions, const struct caller *caller);
/* The next transfer after session (NULL: the first), and what is listed of it. */
struct session_row {
	uint32_t id, conn_id;
	const char *user;
	time_t since;
	bool is_ending;
};
const struct session *sessions_next_transfer(const struct sessions *sessions,
    const struct session *session, struct session_row *row);

/* Those of conn that another policy would not allow: what they reach ("host", VMs),
 * what they run, and the reason. */
void sessions_foresee(const struct sessions *sessions, const struct conn *conn,
    const struct gate_by *by,
    void (*fn)(
	void *arg, uint32_t id, const char *vms, const char *what, const char *reason),
    void *arg);

#endif
