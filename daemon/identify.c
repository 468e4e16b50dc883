/* Sockets to connections. A name or a uid proves nothing: the peer must be the
 * very process that sshd made for a connection whose OTP was accepted. */
#include "daemon/identify.h"

#include "daemon/conns.h"
#include "daemon/links.h"
#include "daemon/sockdiag.h"
#include "lib/io.h"

#include <errno.h>
#include <sys/socket.h>

#define LOOKED_PER_TOKEN 64 /* descriptors; some 5 us each */

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* asm-generic/socket.h of Linux 6.5 */
#endif

static bool
is_candidate(const struct conn *conn, uid_t uid)
{
	return conn->uid == uid && conn_may(conn->state, CONN_EV_FORWARD) == VERDICT_ALLOW;
}

static void
found(struct gateway *gw, struct conn *conn, struct identity *id)
{
	if (conn_step(conn, CONN_EV_FORWARD) != VERDICT_ALLOW)
		return;
	conns_watch_u(gw->conns, conn);
	id->conn = conn;
	id->pid = conn->u.pid;
	id->reason = "";
}

static void
match_process(struct gateway *gw, const struct proc *place, struct identity *id)
{
	struct conn *conn = NULL;

	id->reason = "no connection of this user has an accepted OTP";
	while ((conn = conns_next(gw->conns, conn)) != NULL) {
		if (!is_candidate(conn, id->uid))
			continue;
		id->reason = "not the sshd process of a connection with an accepted OTP";
		if (conn_recognise(conn, place) == VERDICT_ALLOW) {
			found(gw, conn, id);
			return;
		}
	}
}

/* The one whose U is known to be that peer. */
static struct conn *
known(struct gateway *gw, const struct ucred *peer, int pidfd)
{
	struct conn *conn = NULL;

	while ((conn = conns_next(gw->conns, conn)) != NULL)
		if (is_candidate(conn, peer->uid) &&
		    conn_recognise_peer(conn, peer->pid, pidfd) == VERDICT_ALLOW)
			return conn;
	return NULL;
}

/* By what /proc says. */
static void
look_up(struct gateway *gw, int pidfd, struct identity *id)
{
	struct proc place;

	if (proc_read_place(id->pid, &place) < 0 || (pidfd >= 0 && !proc_pidfd_is_alive(pidfd)))
		id->reason = "the peer has already ended";
	else
		match_process(gw, &place, id);
	if (id->conn != NULL && !proc_pidfd_is_alive(pidfd >= 0 ? pidfd : id->conn->u_pidfd)) {
		id->conn = NULL;
		id->reason = "the peer has already ended";
	}
}

void
identify_unix(struct gateway *gw, int fd, struct identity *id)
{
	struct ucred peer;
	struct conn *conn;
	socklen_t len = sizeof(peer);
	int pidfd = -1;
	socklen_t pidfd_len = sizeof(pidfd);

	*id = (struct identity){.reason = "the peer cannot be told", .uid = (uid_t)-1};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return;
	id->uid = peer.uid;
	id->pid = peer.pid;
	if (peer.uid == 0) {
		id->reason = "uid 0 never reaches an endpoint";
		return;
	}
	/* The credentials of a peer that died in the backlog still name its pid. With
	 * the pidfd that death shows, and as long as it lives the pid is its own. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &pidfd_len) < 0) {
		pidfd = -1;
		if (errno != ENOPROTOOPT) {
			id->reason = errno == EMFILE || errno == ENFILE
					 ? "the daemon has no descriptor left (LimitNOFILE=)"
					 : "the peer has already ended";
			return;
		}
	}
	conn = known(gw, &peer, pidfd);
	if (conn != NULL)
		found(gw, conn, id);
	else
		look_up(gw, pidfd, id);
	io_close(&pidfd);
}

int
identify_pidfd(int fd, pid_t pid)
{
	struct proc proc;
	int pidfd = -1, err;
	socklen_t len = sizeof(pidfd);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
		return pidfd;
	if (errno != ENOPROTOOPT)
		return -errno;
	err = proc_read_place(pid, &proc);
	return err < 0 ? err : proc_pidfd(&proc);
}

static bool
has_candidate(struct gateway *gw, uid_t uid)
{
	struct conn *conn = NULL;

	while ((conn = conns_next(gw->conns, conn)) != NULL)
		if (is_candidate(conn, uid))
			return true;
	return false;
}

/* Where his processes hold very many descriptors, each look costs its user several of
 * the channels that he may open: else he could keep us from the others' work. */
static void
match_socket(struct gateway *gw, uint32_t inode, struct identity *id)
{
	struct conn *conn = NULL;
	size_t looked = 0;

	id->reason = "not the sshd process of a connection with an accepted OTP";
	while (id->conn == NULL && (conn = conns_next(gw->conns, conn)) != NULL) {
		if (!is_candidate(conn, id->uid) || !conn_find_u(conn))
			continue;
		if (proc_holds_socket(conn->u.pid, inode, &conn->places) &&
		    proc_pidfd_is_alive(conn->u_pidfd))
			found(gw, conn, id);
		looked += conn->places.looked;
	}
	links_charge(gw->opens, id->uid, looked / LOOKED_PER_TOKEN + (id->conn == NULL));
}

void
identify_tcp(struct gateway *gw, int fd, struct identity *id)
{
	struct sockdiag_owner owner;

	*id = (struct identity){
	    .reason = "the peer's socket belongs to no process", .uid = (uid_t)-1};
	if (sockdiag_peer(gw->netlink, fd, &owner) < 0)
		return; /* closed already: it would report uid 0 and inode 0 */
	id->uid = owner.uid;
	if (owner.uid == 0) {
		id->reason = "uid 0 never reaches an endpoint";
		return;
	}
	id->reason = "no connection of this user has an accepted OTP";
	if (!has_candidate(gw, owner.uid))
		return;
	if (links_left(gw->opens, owner.uid, gateway_settings(gw)->opens_per_s, io_now_ms()))
		match_socket(gw, owner.inode, id);
	else
		id->reason = "too many in a short time (opens_per_s)";
}
