/* States and identity of connections; who asks what is request.c's. */
#include "daemon/conn.h"

#include "lib/io.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* {state} x {event} -> next state; CONN_NONE, the zero, refuses. */
static const enum conn_state table[CONN_STATES][CONN_EVENTS] = {
    [CONN_NONE] = {[CONN_EV_BEGIN] = CONN_PENDING},
    [CONN_KEYED] = {[CONN_EV_BEGIN] = CONN_PENDING, [CONN_EV_END] = CONN_ENDED},
    [CONN_PENDING] = {[CONN_EV_BEGIN] = CONN_PENDING,
	[CONN_EV_OTP_OK] = CONN_ACCEPTED,
	[CONN_EV_OTP_BAD] = CONN_KEYED,
	[CONN_EV_END] = CONN_ENDED},
    [CONN_ACCEPTED] = {[CONN_EV_BEGIN] = CONN_PENDING, /* asked again: the mark is gone */
	[CONN_EV_ACCOUNT] = CONN_ACCEPTED,
	[CONN_EV_SESSION] = CONN_OPEN,
	[CONN_EV_END] = CONN_ENDED},
    [CONN_OPEN] = {[CONN_EV_FORWARD] = CONN_LIVE, [CONN_EV_END] = CONN_ENDED},
    [CONN_LIVE] = {[CONN_EV_FORWARD] = CONN_LIVE, [CONN_EV_END] = CONN_ENDED},
};

const char *
conn_state_name(enum conn_state state)
{
	static const char *const names[CONN_STATES] = {
	    "none", "keyed", "pending", "accepted", "open", "live", "ended"};

	return state < CONN_STATES ? names[state] : "none";
}

enum verdict
conn_may(enum conn_state state, enum conn_event event)
{
	if (state >= CONN_STATES || event >= CONN_EVENTS)
		return VERDICT_DENY;
	return table[state][event] != CONN_NONE ? VERDICT_ALLOW : VERDICT_DENY;
}

enum verdict
conn_step(struct conn *conn, enum conn_event event)
{
	if (conn_may(conn->state, event) != VERDICT_ALLOW)
		return VERDICT_DENY;
	conn->state = table[conn->state][event];
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
	conn->since_ms = io_now_ms();
	return conn;
}

void
conn_groups_free(struct conn_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		free(groups->names[i]);
	free(groups->names);
	*groups = (struct conn_groups){0};
}

bool
conn_set_groups(struct conn *conn, const struct conn_groups *groups)
{
	struct conn_groups copy = {.names = calloc(groups->count + 1, sizeof(char *))};

	while (copy.names != NULL && copy.count < groups->count) {
		char *name = strdup(groups->names[copy.count]);
		if (name == NULL)
			break;
		copy.names[copy.count++] = name;
	}
	if (copy.count < groups->count || copy.names == NULL) {
		conn_groups_free(&copy);
		return false;
	}
	conn_groups_free(&conn->groups);
	conn->groups = copy;
	return true;
}

void
conn_free(struct conn *conn)
{
	if (conn == NULL)
		return;
	conn_groups_free(&conn->groups);
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

enum verdict
conn_is_u(struct conn *conn, const struct proc *proc)
{
	if (conn->uid == 0 || !proc_is_wholly(proc, conn->uid) || proc->parent != conn->m.pid ||
	    proc->exe_dev != conn->m.exe_dev || proc->exe_ino != conn->m.exe_ino)
		return VERDICT_DENY;
	if (conn->u.pid != 0)
		return conn->u.pid == proc->pid && conn->u.start == proc->start &&
			       proc_pidfd_is_alive(conn->u_pidfd) && m_stands(conn)
			   ? VERDICT_ALLOW
			   : VERDICT_DENY;
	if (!m_stands(conn))
		return VERDICT_DENY;
	conn->u_pidfd = proc_pidfd(proc);
	if (conn->u_pidfd < 0)
		return VERDICT_DENY;
	conn->u = *proc;
	return VERDICT_ALLOW;
}
