/* The table of connections. */
#include "daemon/conns.h"

#include "daemon/audit.h"
#include "daemon/channel.h"
#include "daemon/conn_file.h"
#include "lib/io.h"
#include "lib/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conns {
	struct gateway *gw;
	LIST_HEAD(, conn) list;
	size_t count;
	uint32_t last_id;
};

struct conns *
conns_new(struct gateway *gw)
{
	struct conns *conns = calloc(1, sizeof(*conns));

	if (conns == NULL)
		return NULL;
	conns->gw = gw;
	LIST_INIT(&conns->list);
	return conns;
}

static void
drop(struct conn *conn)
{
	LIST_REMOVE(conn, link);
	conn->owner->count--;
	loop_watch_free(conn->m_watch);
	loop_watch_free(conn->u_watch);
	conn_free(conn);
}

void
conns_free(struct conns *conns)
{
	struct conn *conn;

	if (conns == NULL)
		return;
	while ((conn = LIST_FIRST(&conns->list)) != NULL)
		drop(conn);
	free(conns);
}

static void
on_m_ended(void *arg, int fd, unsigned int events)
{
	struct conn *conn = arg;

	(void)fd;
	(void)events;
	conns_end(conn->owner, conn, "sshd's process of the connection ended");
}

static void
on_u_ended(void *arg, int fd, unsigned int events)
{
	struct conn *conn = arg;

	(void)fd;
	(void)events;
	conns_end(conn->owner, conn, "the connection ended");
}

static struct conn *
insert(struct conns *conns, uint32_t id, const char *user, uid_t uid, const struct proc *m,
    int m_pidfd)
{
	struct conn *conn = conn_new(id, user, uid, m, m_pidfd);

	if (conn == NULL)
		return NULL;
	conn->m_watch = loop_watch_fd(conns->gw->loop, m_pidfd, LOOP_READ, on_m_ended, conn);
	if (conn->m_watch == NULL) {
		conn->m_pidfd = -1; /* still the caller's */
		conn_free(conn);
		return NULL;
	}
	conn->owner = conns;
	LIST_INSERT_HEAD(&conns->list, conn, link);
	conns->count++;
	if (id > conns->last_id)
		conns->last_id = id;
	return conn;
}

struct conn *
conns_add(struct conns *conns, const char *user, uid_t uid, const struct proc *m, int m_pidfd)
{
	return insert(conns, conns->last_id + 1, user, uid, m, m_pidfd);
}

struct conn *
conns_by_m(struct conns *conns, const struct proc *m)
{
	struct conn *conn;

	LIST_FOREACH(conn, &conns->list, link)
		if (conn->m.pid == m->pid && conn->m.start == m->start)
			return conn;
	return NULL;
}

struct conn *
conns_by_id(struct conns *conns, uint32_t id)
{
	struct conn *conn;

	LIST_FOREACH(conn, &conns->list, link)
		if (conn->id == id)
			return conn;
	return NULL;
}

struct conn *
conns_next(struct conns *conns, const struct conn *conn)
{
	return conn == NULL ? LIST_FIRST(&conns->list) : LIST_NEXT(conn, link);
}

int
conns_remember(struct conns *conns, const struct conn *conn)
{
	(void)conns;
	return conn_file_save(conn);
}

void
conns_watch_u(struct conns *conns, struct conn *conn)
{
	if (conn->u_watch == NULL && conn->u_pidfd >= 0)
		conn->u_watch =
		    loop_watch_fd(conns->gw->loop, conn->u_pidfd, LOOP_READ, on_u_ended, conn);
}

void
conns_end(struct conns *conns, struct conn *conn, const char *reason)
{
	bool was_open = conn->state == CONN_OPEN || conn->state == CONN_LIVE;

	conn_step(conn, CONN_EV_END);
	channels_end_of(conns->gw->channels, conn->id, reason);
	if (was_open) {
		conn_file_remove(conn->id);
		audit_begin(conns->gw->audit, "session-end");
		audit_conn(conns->gw->audit, conn);
		audit_text(conns->gw->audit, AUDIT_REASON, reason);
		audit_number(conns->gw->audit, AUDIT_DURATION_MS,
		    (uint64_t)(io_now_ms() - conn->since_ms));
		audit_end_noted(conns->gw->audit);
	}
	log_debug("c%u of %s: %s", conn->id, conn->user, reason);
	drop(conn);
}

/* One remembered connection; only the same M counts. */
static void
restore_one(void *arg, const struct conn_file *file)
{
	struct conns *conns = arg;
	struct conn *conn;
	struct proc m;
	int pidfd;

	if (proc_read(file->m.pid, &m) < 0 || m.start != file->m.start ||
	    m.exe_dev != file->m.exe_dev || m.exe_ino != file->m.exe_ino ||
	    !proc_is_wholly(&m, 0) || (pidfd = proc_pidfd(&m)) < 0) {
		conn_file_remove(file->id);
		return;
	}
	conn = insert(conns, file->id, file->user, file->uid, &m, pidfd);
	if (conn == NULL) {
		close(pidfd);
		return;
	}
	conn->state = CONN_OPEN;
	conn->since = file->since;
	conn->since_ms = file->since_ms;
	memcpy(conn->source, file->source, sizeof(conn->source));
	memcpy(conn->public_id, file->public_id, sizeof(conn->public_id));
	conn->ssh_key = file->ssh_key[0] != '\0' ? strdup(file->ssh_key) : NULL;
	log_info("c%u of %s goes on over the restart", conn->id, conn->user);
}

void
conns_restore(struct conns *conns)
{
	conn_file_load_all(restore_one, conns);
}

size_t
conns_count(const struct conns *conns)
{
	return conns->count;
}
