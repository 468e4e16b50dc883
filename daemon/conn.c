/* What a connection holds, and who its U is; who asks what is request.c's. */
#include "daemon/conn.h"

#include "lib/io.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHILDREN_MAX 64

enum verdict
conn_step(struct conn *conn, enum conn_event event)
{
	enum conn_state next = conn_next(conn->state, event);

	if (next == CONN_NONE)
		return VERDICT_DENY;
	conn->state = next;
	return VERDICT_ALLOW;
}

struct conn *
conn_new(uint32_t id, const char *user, uid_t uid, const struct proc *m, int m_pidfd)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	size_t len = strlen(user);

	if (conn == NULL || len >= sizeof(conn->user)) {
		free(conn);
		return NULL;
	}
	conn->id = id;
	memcpy(conn->user, user, len);
	conn->uid = uid;
	conn->m = *m;
	conn->m_pidfd = m_pidfd;
	conn->u_pidfd = -1;
	conn->since = time(NULL);
	conn->since_ms = conn->busy_ms = conn->groups_ms = io_now_ms();
	return conn;
}

bool
conn_set_groups(struct conn *conn, const struct conn_groups *groups)
{
	struct conn_groups copy;

	if (!conn_groups_copy(&copy, groups))
		return false;
	conn_groups_free(&conn->groups);
	conn->groups = copy;
	conn->groups_ms = io_now_ms();
	return true;
}

bool
conn_set_home(struct conn *conn, const char *home, const char *shell)
{
	char *home_copy = strdup(home), *shell_copy = strdup(shell);

	if (home_copy == NULL || shell_copy == NULL) {
		free(home_copy);
		free(shell_copy);
		return false;
	}
	free(conn->home);
	free(conn->shell);
	conn->home = home_copy;
	conn->shell = shell_copy;
	return true;
}

void
conn_free(struct conn *conn)
{
	if (conn == NULL)
		return;
	conn_groups_free(&conn->groups);
	free(conn->home);
	free(conn->shell);
	free(conn->ssh_key);
	io_close(&conn->m_pidfd);
	io_close(&conn->u_pidfd);
	free(conn);
}

/* M must live, unchanged, as root. */
static bool
m_stands(const struct conn *conn)
{
	struct proc m;

	return proc_pidfd_is_alive(conn->m_pidfd) && proc_read(conn->m.pid, &m) == 0 &&
	       m.start == conn->m.start && m.exe_dev == conn->m.exe_dev &&
	       m.exe_ino == conn->m.exe_ino && proc_is_wholly(&m, 0) &&
	       proc_pidfd_is_alive(conn->m_pidfd);
}

bool
conn_lives(const struct conn *conn)
{
	const int pidfds[] = {conn->u_pidfd, conn->m_pidfd};

	return proc_pidfds_are_alive(pidfds, 2);
}

/* U is held by pidfd, and so is M: who they are cannot change any more. */
static enum verdict
is_the_one(const struct conn *conn, const struct proc *place)
{
	return conn->u.pid == place->pid && conn->u.start == place->start &&
		       place->parent == conn->m.pid && conn_lives(conn)
		   ? VERDICT_ALLOW
		   : VERDICT_DENY;
}

enum verdict
conn_is_u(struct conn *conn, const struct proc *proc)
{
	if (conn->uid == 0 || !proc_is_wholly(proc, conn->uid) || proc->parent != conn->m.pid ||
	    proc->exe_dev != conn->m.exe_dev || proc->exe_ino != conn->m.exe_ino)
		return VERDICT_DENY;
	if (conn->u.pid != 0)
		return is_the_one(conn, proc);
	if (!m_stands(conn))
		return VERDICT_DENY;
	conn->u_pidfd = proc_pidfd(proc);
	if (conn->u_pidfd < 0)
		return VERDICT_DENY;
	conn->u = *proc;
	return VERDICT_ALLOW;
}

enum verdict
conn_recognise(struct conn *conn, const struct proc *place)
{
	struct proc proc;

	if (conn->uid == 0 || place->parent != conn->m.pid)
		return VERDICT_DENY;
	if (conn->u.pid != 0)
		return is_the_one(conn, place);
	return proc_read(place->pid, &proc) == 0 && proc.start == place->start
		   ? conn_is_u(conn, &proc)
		   : VERDICT_DENY;
}

/* While peer and U both live, one number is one process; and while M lives, U's parent
 * cannot have become another. */
enum verdict
conn_recognise_peer(const struct conn *conn, pid_t pid, int pidfd)
{
	const int pidfds[] = {pidfd, conn->u_pidfd, conn->m_pidfd};

	return conn->uid != 0 && conn->u.pid != 0 && conn->u.pid == pid &&
		       proc_pidfds_are_alive(pidfds, 3)
		   ? VERDICT_ALLOW
		   : VERDICT_DENY;
}

bool
conn_find_u(struct conn *conn)
{
	pid_t children[CHILDREN_MAX];
	struct proc proc;
	ssize_t n;

	if (conn->u.pid != 0)
		return conn_lives(conn);
	n = proc_children(conn->m.pid, children, CHILDREN_MAX);
	for (ssize_t i = 0; i < n; i++)
		if (proc_read_place(children[i], &proc) == 0 &&
		    conn_recognise(conn, &proc) == VERDICT_ALLOW)
			return true;
	return false;
}
