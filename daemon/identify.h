/* Who is on the other end of an accepted socket: a registered connection's U, or
 * nobody. Costs microseconds and looks at no process but the peer's own and the
 * registered U's of its uid. */
#ifndef SALLYPORT_DAEMON_IDENTIFY_H
#define SALLYPORT_DAEMON_IDENTIFY_H

#include "daemon/conn.h"
#include "daemon/gateway.h"

struct identity {
	struct conn *conn;  /* NULL: nobody we know, and reason says why */
	const char *reason; /* static */
	uid_t uid;	    /* (uid_t)-1 when unknown */
	pid_t pid;	    /* 0 when unknown */
};

/* An accepted Unix connection, by SO_PEERCRED (and SO_PEERPIDFD where the kernel
 * has it). */
void identify_unix(struct gateway *gw, int fd, struct identity *id);

/* An accepted TCP connection over loopback, by SOCK_DIAG and the descriptors of
 * the U's of that uid. */
void identify_tcp(struct gateway *gw, int fd, struct identity *id);

/* A pidfd (O_CLOEXEC, the caller's) of the process that connected: by SO_PEERPIDFD,
 * else of who has its pid now. -errno when it has ended. */
int identify_pidfd(int fd, pid_t pid);

#endif
