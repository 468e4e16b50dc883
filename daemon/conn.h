/* A connection: the pair (U, M) of one SSH connection, and how far it has come. M is
 * sshd's root process for it, U runs as the user and makes all its forwards. */
#ifndef SALLYPORT_DAEMON_CONN_H
#define SALLYPORT_DAEMON_CONN_H

#include "daemon/conn_groups.h"
#include "daemon/conn_state.h"
#include "daemon/proc.h"
#include "daemon/finder.h"
#include "lib/proto.h"

#include <stdbool.h>
#include <sys/queue.h>
#include <time.h>

struct conns; struct loop_watch;

struct conn {
	LIST_ENTRY(conn) link; struct finder_link by_id, by_m; /* conns.c's */
	uint32_t id; /* c12 */
	enum conn_state state;
	char user[PROTO_NAME_MAX + 1];
	uid_t uid;
	struct conn_groups groups; /* of the policy's groups, those the user is in */
	char *home, *shell; /* of passwd; NULL until looked up */
	char source[PROTO_NAME_MAX + 1];
	char *ssh_key; /* "TYPE BASE64" or NULL */
	char public_id[PROTO_PUBLIC_ID_MAX + 1]; /* of the YubiKey, once accepted */
	struct proc m, u; struct proc_places places; /* u.pid 0 until seen; U's sockets */
	int m_pidfd, u_pidfd;
	struct loop_watch *m_watch, *u_watch; struct conns *owner; /* conns.c's */
	bool had_session;     /* its end goes on record */
	char end_reason[128]; /* once it is to end (state ended): why; "" before */
	int64_t groups_ms, busy_ms; /* user and groups last read; last had a channel or session */
	int64_t asked_s; unsigned int asks; /* sallyport-shell's questions in this second */
	pid_t prompt_pid; /* the process at whose prompt it waits, while pending */
	time_t since; int64_t since_ms; /* of io_now_ms, which goes on until the next boot */
};

/* Takes the step if it may happen; on a denial nothing changes. */
enum verdict conn_step(struct conn *conn, enum conn_event event);
/* A fresh one in CONN_NONE for M (its pidfd is taken over); NULL without memory. */
struct conn *conn_new(uint32_t id, const char *user, uid_t uid, const struct proc *m, int m_pidfd);
void conn_free(struct conn *conn);
bool conn_set_groups(struct conn *conn, const struct conn_groups *groups);
bool conn_set_home(struct conn *conn, const char *home, const char *shell);

/* Is proc the U of this connection? All must hold: wholly the user's uid and not
 * 0, M its parent, the same executable as M, M alive and unchanged and root. The
 * first that passes is held by pidfd and from then on the only one. */
enum verdict conn_is_u(struct conn *conn, const struct proc *proc);
/* The same when only its place was read; the rest is, if U is not known yet. */
enum verdict conn_recognise(struct conn *conn, const struct proc *place);
/* The same of a peer by its pid and its pidfd, if U is known: without a look at /proc. */
enum verdict conn_recognise_peer(const struct conn *conn, pid_t pid, int pidfd);
/* Is U known and as it was? If none is known yet, M's children are looked at. */
bool conn_find_u(struct conn *conn);
bool conn_lives(const struct conn *conn); /* do M and the known U? */

#endif
