/* The table of connections. */
#include "daemon/conns.h"

#include "daemon/audit.h"
#include "daemon/channels.h"
#include "daemon/conn_file.h"
#include "daemon/ending.h"
#include "daemon/gate.h"
#include "daemon/sessions.h"
#include "lib/io.h"
#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conns {
	struct gateway *gw;
	LIST_HEAD(, conn) list;
	struct finder by_id, by_m;
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
	finder_init(&conns->by_id);
	finder_init(&conns->by_m);
	return conns;
}

static void
drop(struct conn *conn)
{
	LIST_REMOVE(conn, link);
	finder_remove(&conn->owner->by_id, &conn->by_id);
	finder_remove(&conn->owner->by_m, &conn->by_m);
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
	finder_free(&conns->by_id);
	finder_free(&conns->by_m);
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

static uint64_t
m_hash(const struct proc *m)
{
	return finder_hash((uint64_t)m->pid);
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
	finder_add(&conns->by_id, &conn->by_id, finder_hash(id), conn);
	finder_add(&conns->by_m, &conn->by_m, m_hash(m), conn);
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
	struct conn *conn = finder_first(&conns->by_m, m_hash(m));

	while (conn != NULL && (conn->m.pid != m->pid || conn->m.start != m->start))
		conn = finder_next(&conn->by_m);
	return conn;
}

struct conn *
conns_by_id(struct conns *conns, uint32_t id)
{
	struct conn *conn = finder_first(&conns->by_id, finder_hash(id));

	while (conn != NULL && conn->id != id)
		conn = finder_next(&conn->by_id);
	return conn;
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
	if (conn->u_watch != NULL || conn->u_pidfd < 0)
		return;
	conn->u_watch =
	    loop_watch_fd(conns->gw->loop, conn->u_pidfd, LOOP_READ, on_u_ended, conn);
	if (conn->had_session)
		(void)conn_file_save(conn); /* with U */
}

static bool
is_over(uint32_t limit_s, int64_t ms)
{
	return limit_s > 0 && ms >= limit_s * INT64_C(1000);
}

/* Why a connection that is in order ends all the same; NULL: it goes on. */
static const char *
outlived(const struct conns *conns, struct conn *conn, int64_t now_ms)
{
	const struct settings *settings = gateway_settings(conns->gw);

	if (is_over(settings->max_age_s, now_ms - conn->since_ms))
		return "the connection was too old (max_age)";
	if (!is_over(settings->max_idle_s, now_ms - conn->busy_ms))
		return NULL;
	if (channels_count_of(conns->gw->channels, conn->id) +
		sessions_count_of(conns->gw->sessions, conn->id) ==
	    0)
		return "the connection was idle for too long (max_idle)";
	conn->busy_ms = now_ms;
	return NULL;
}

void
conns_sweep(struct conns *conns)
{
	int64_t now_ms = io_now_ms();
	struct conn *conn, *next;
	const char *reason;

	for (conn = LIST_FIRST(&conns->list); conn != NULL; conn = next) {
		next = LIST_NEXT(conn, link);
		if (!conn->had_session || conn->state == CONN_ENDED)
			continue;
		/* Once M is gone it would be too late: an orphan is nobody's child. */
		if (conn->u.pid == 0 && conn_find_u(conn))
			conns_watch_u(conns, conn);
		reason = outlived(conns, conn, now_ms);
		if (reason != NULL)
			conns_close(conns, conn, reason);
	}
}

void
conns_close(struct conns *conns, struct conn *conn, const char *reason)
{
	if (conn_step(conn, CONN_EV_END) != VERDICT_ALLOW)
		return;
	snprintf(conn->end_reason, sizeof(conn->end_reason), "%s", reason);
	log_info("c%u of %s is ended: %s", conn->id, conn->user, reason);
	channels_end_of(conns->gw->channels, conn->id, conn->end_reason);
	sessions_end_of(conns->gw->sessions, conn->id, conn->end_reason);
	/* A daemon that is started again meanwhile goes on with it. */
	if (conn->had_session)
		(void)conn_file_save(conn);
	endings_add(conns->gw->endings, conn);
}

static void
close_counted(
    struct conns *conns, struct conn *conn, const char *reason, struct conns_closed *closed)
{
	if (conn->state == CONN_ENDED)
		return;
	closed->conns++;
	closed->channels += channels_count_of(conns->gw->channels, conn->id);
	conns_close(conns, conn, reason);
}

void
conns_close_user(
    struct conns *conns, const char *user, const char *reason, struct conns_closed *closed)
{
	struct conn *conn;

	LIST_FOREACH(conn, &conns->list, link)
		if (user == NULL || strcmp(conn->user, user) == 0)
			close_counted(conns, conn, reason, closed);
}

/* Who waits for an OTP may have given one of this key a moment ago. */
static bool
may_be_of(const struct conns *conns, const struct conn *conn, const char *public_id)
{
	return conn->state == CONN_PENDING || conn->state == CONN_ASKED
		   ? gate_is_key_of(conns->gw, conn->user, public_id)
		   : strcmp(conn->public_id, public_id) == 0;
}

void
conns_close_key(
    struct conns *conns, const char *public_id, const char *reason, struct conns_closed *closed)
{
	struct conn *conn;

	LIST_FOREACH(conn, &conns->list, link)
		if (*public_id != '\0' && may_be_of(conns, conn, public_id))
			close_counted(conns, conn, reason, closed);
}

static void
record_end(struct conns *conns, const struct conn *conn, const char *reason)
{
	struct audit *audit = conns->gw->audit;

	audit_begin(audit, "session-end");
	audit_conn(audit, conn);
	audit_text(audit, AUDIT_REASON, reason);
	audit_number(audit, AUDIT_DURATION_MS, (uint64_t)(io_now_ms() - conn->since_ms));
	audit_end_noted(audit);
}

void
conns_end(struct conns *conns, struct conn *conn, const char *reason)
{
	if (conn->end_reason[0] == '\0')
		snprintf(conn->end_reason, sizeof(conn->end_reason), "%s", reason);
	conn_step(conn, CONN_EV_END);
	channels_end_of(conns->gw->channels, conn->id, conn->end_reason);
	sessions_end_of(conns->gw->sessions, conn->id, conn->end_reason);
	/* Without M, U would go on and even open new channels. */
	if (conn->u_pidfd >= 0 && proc_pidfd_is_alive(conn->u_pidfd))
		endings_add_late(conns->gw->endings, conn);
	if (conn->had_session) {
		conn_file_remove(conn->id);
		record_end(conns, conn, conn->end_reason);
	}
	log_debug("c%u of %s: %s", conn->id, conn->user, conn->end_reason);
	drop(conn);
}

/* M as it was remembered, and its pidfd; -1 when it is no longer that. */
static int
find_m(const struct conn_file *file, struct proc *m)
{
	if (proc_read(file->m.pid, m) < 0 || m->start != file->m.start ||
	    m->exe_dev != file->m.exe_dev || m->exe_ino != file->m.exe_ino ||
	    !proc_is_wholly(m, 0))
		return -1;
	return proc_pidfd(m);
}

static void
fill(struct conn *conn, const struct conn_file *file)
{
	struct proc u;

	conn->state = CONN_OPEN;
	conn->had_session = true;
	conn->since = file->since;
	conn->since_ms = file->since_ms;
	memcpy(conn->source, file->source, sizeof(conn->source));
	memcpy(conn->public_id, file->public_id, sizeof(conn->public_id));
	conn->ssh_key = file->ssh_key[0] != '\0' ? strdup(file->ssh_key) : NULL;
	if (file->u.pid == 0 || proc_read(file->u.pid, &u) < 0 || u.start != file->u.start ||
	    !proc_is_wholly(&u, conn->uid))
		return;
	conn->u_pidfd = proc_pidfd(&u);
	if (conn->u_pidfd >= 0)
		conn->u = u;
}

/* M has gone while no daemon was there: that goes on record, and U with it. */
static void
end_late(struct conns *conns, const struct conn_file *file)
{
	struct conn *conn = conn_new(file->id, file->user, file->uid, &file->m, -1);

	conn_file_remove(file->id);
	if (conn == NULL)
		return;
	fill(conn, file);
	if (conn->u_pidfd >= 0)
		endings_add(conns->gw->endings, conn);
	record_end(conns, conn,
	    file->end_reason[0] != '\0' ? file->end_reason
					: "the connection ended while the daemon was down");
	conn_free(conn);
}

/* One remembered connection; only the same M counts. */
static void
restore_one(void *arg, const struct conn_file *file)
{
	struct conns *conns = arg;
	struct conn *conn;
	struct proc m;
	int pidfd = find_m(file, &m);

	if (file->id > conns->last_id)
		conns->last_id = file->id;
	if (pidfd < 0) {
		end_late(conns, file);
		return;
	}
	conn = insert(conns, file->id, file->user, file->uid, &m, pidfd);
	if (conn == NULL) {
		close(pidfd);
		return;
	}
	fill(conn, file);
	conns_watch_u(conns, conn);
	log_info("c%u of %s goes on over the restart", conn->id, conn->user);
	if (file->end_reason[0] != '\0')
		conns_close(conns, conn, file->end_reason);
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
