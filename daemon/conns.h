/* All connections: found by M or by uid, ended when M or U ends, remembered over a
 * restart of the daemon in /run/sallyport/connections (root only). */
#ifndef SALLYPORT_DAEMON_CONNS_H
#define SALLYPORT_DAEMON_CONNS_H

#include "daemon/conn.h"
#include "daemon/gateway.h"

struct conns *conns_new(struct gateway *gw);
/* Forgets all, but leaves what is remembered. */
void conns_free(struct conns *conns);

/* Takes back the connections that an earlier daemon of this boot had open and
 * whose M is still the same process. */
void conns_restore(struct conns *conns);

/* A connection begins: M's pidfd becomes the table's. NULL without memory. */
struct conn *conns_add(
    struct conns *conns, const char *user, uid_t uid, const struct proc *m, int m_pidfd);
struct conn *conns_by_m(struct conns *conns, const struct proc *m);
struct conn *conns_by_id(struct conns *conns, uint32_t id);
/* In any order: conns_next(conns, NULL), then each one's next. */
struct conn *conns_next(struct conns *conns, const struct conn *conn);

/* Keeps it over a restart; to be called when the session is open. 0 or -errno. */
int conns_remember(struct conns *conns, const struct conn *conn);
/* U is known: its end is to be noticed. */
void conns_watch_u(struct conns *conns, struct conn *conn);
/* It is to end, now: nothing is open to it any more, its channels and then its
 * processes are ended; the record follows when they are. The first reason stays. */
void conns_close(struct conns *conns, struct conn *conn, const char *reason);
/* conns_close of all of user's (NULL: of everybody); adds up what was closed. */
struct conns_closed {
	size_t conns, channels;
};
void conns_close_user(struct conns *conns, const char *user, const char *reason,
    struct conns_closed *closed);
/* The same of all that came in with this YubiKey. */
void conns_close_key(struct conns *conns, const char *public_id, const char *reason,
    struct conns_closed *closed);
/* It has ended: ends its channels and, should it live on, U; writes the record (if a
 * session was open) and frees it. */
void conns_end(struct conns *conns, struct conn *conn, const char *reason);
/* Now and then: finds U's that have not shown themselves yet, and connections that
 * are too old or idle for too long. */
void conns_sweep(struct conns *conns);

size_t conns_count(const struct conns *conns);

#endif
