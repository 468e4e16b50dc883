/* Parents of a caller. A pid proves nothing by itself: each step is read again after
 * the look at its parent, and U is held by pidfd. */
#include "daemon/lineage.h"

#include "daemon/conns.h"
#include "lib/num.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEPTH_MAX 32

/* Whose U has this pid: it is held, so that as long as it lives the pid is its own, and
 * while M does it is M's child. */
static struct conn *
conn_of_pid(struct gateway *gw, uid_t uid, pid_t pid)
{
	struct conn *conn = NULL;

	while ((conn = conns_next(gw->conns, conn)) != NULL)
		if (conn->uid == uid && uid != 0 && conn->u.pid == pid && conn_lives(conn))
			return conn;
	return NULL;
}

/* Whose U this process is. */
static struct conn *
conn_of_u(struct gateway *gw, uid_t uid, const struct proc *place)
{
	struct conn *conn = NULL;

	while ((conn = conns_next(gw->conns, conn)) != NULL)
		if (conn->uid == uid && conn_recognise(conn, place) == VERDICT_ALLOW)
			return conn;
	return NULL;
}

struct conn *
lineage_find(const struct caller *caller, bool *is_child)
{
	struct proc child, parent;
	struct conn *conn;

	*is_child = false;
	if (proc_read_place(caller->pid, &child) < 0 || !proc_pidfd_is_alive(caller->pidfd))
		return NULL;
	/* Nearly always: by a U that is known, and was alive when its child was read. */
	conn = conn_of_pid(caller->gw, caller->uid, child.parent);
	*is_child = conn != NULL;
	if (conn != NULL)
		return conn;
	for (int depth = 0; depth < DEPTH_MAX && child.parent > 1; depth++) {
		if (proc_read_place(child.parent, &parent) < 0)
			return NULL;
		conn = conn_of_u(caller->gw, caller->uid, &parent);
		if (!proc_is_still_child(&child))
			return NULL;
		*is_child = depth == 0;
		if (conn != NULL)
			return conn;
		child = parent;
	}
	return NULL;
}

int
lineage_candidate(const struct caller *caller, struct proc *u, struct proc *m, int *m_pidfd)
{
	const struct settings *settings = gateway_settings(caller->gw);
	struct proc child;

	if (proc_read(caller->pid, &child) < 0 || !proc_pidfd_is_alive(caller->pidfd) ||
	    !proc_is_wholly(&child, caller->uid) || proc_read(child.parent, u) < 0 ||
	    !proc_is_wholly(u, caller->uid) || proc_read(u->parent, m) < 0 ||
	    !proc_is_wholly(m, 0) || u->exe_dev != m->exe_dev || u->exe_ino != m->exe_ino ||
	    !proc_runs_one_of(m, settings->sshd, settings->sshd_count) ||
	    conns_by_m(caller->gw->conns, m) != NULL || !proc_is_still_child(u) ||
	    !proc_is_still_child(&child))
		return -EPERM;
	*m_pidfd = proc_pidfd(m);
	return *m_pidfd >= 0 ? 0 : -EPERM;
}

/* The peer's address if fd is a connected TCP socket. */
static bool
tcp_peer(int fd, char *text, size_t cap)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} peer = {.in6 = {.sin6_family = AF_UNSPEC}};
	socklen_t len = sizeof(peer);

	if (getpeername(fd, &peer.any, &len) < 0)
		return false;
	if (peer.any.sa_family == AF_INET)
		return inet_ntop(AF_INET, &peer.in.sin_addr, text, (socklen_t)cap) != NULL;
	if (peer.any.sa_family != AF_INET6)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&peer.in6.sin6_addr))
		return inet_ntop(AF_INET, &peer.in6.sin6_addr.s6_addr[12], text,
			   (socklen_t)cap) != NULL;
	return inet_ntop(AF_INET6, &peer.in6.sin6_addr, text, (socklen_t)cap) != NULL;
}

/* M is root's and holds one TCP socket, the client's, which it shares with U. Asking
 * that socket itself costs the same however many there are on this machine; by its
 * inode SOCK_DIAG could only be asked for all of them. */
void
lineage_source(const struct proc *m, int m_pidfd, char *text, size_t cap)
{
	char path[64], target[32];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *dir;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)m->pid);
	dir = opendir(path);
	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		uint64_t number;
		int fd;

		len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target));
		if (len < 8 || memcmp(target, "socket:[", 8) != 0 ||
		    num_parse(entry->d_name, 0, INT32_MAX, &number) < 0)
			continue;
		fd = (int)syscall(SYS_pidfd_getfd, m_pidfd, (int)number, 0);
		found = fd >= 0 && tcp_peer(fd, text, cap);
		if (fd >= 0)
			close(fd);
	}
	if (dir != NULL)
		closedir(dir);
}
