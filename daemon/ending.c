/* The endings that run, and the timer that takes their steps. */
#include "daemon/ending.h"

#include "daemon/conns.h"
#include "daemon/ending_plan.h"
#include "daemon/leftovers.h"
#include "lib/io.h"
#include "lib/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 50
#define LATE_MS 300 /* U closes its end of the pipe to M before it is gone */
/* Walking through processes takes time, and more may end at once than one turn of
 * the loop should last. */
#define BEGIN_MAX    32
#define CHILDREN_MAX 64

struct ending {
	LIST_ENTRY(ending) link;
	uint32_t conn_id;
	char user[PROTO_NAME_MAX + 1];
	struct proc m;
	int m_pidfd, u_pidfd; /* u_pidfd -1: not known */
	pid_t u;
	bool has_begun, is_late;
	int64_t since_ms;
	uint32_t taken;
	struct leftovers rest;
};

struct endings {
	struct gateway *gw;
	LIST_HEAD(, ending) list;
	struct loop_watch *timer;
};

static bool
has_taken(const struct ending *e, enum ending_step step)
{
	return (e->taken & UINT32_C(1) << step) != 0;
}

/* Kills those children of M that run sshd, too: what authenticates him, or what becomes
 * his and may be root's as yet. M's number is M's as long as M lives. */
static bool
kill_sshd_below(const struct ending *e)
{
	pid_t children[CHILDREN_MAX];
	ssize_t n = proc_children(e->m.pid, children, CHILDREN_MAX);
	bool any = false;

	for (ssize_t i = 0; i < n; i++) {
		struct proc child;
		int pidfd;
		if (proc_read(children[i], &child) < 0 || child.parent != e->m.pid ||
		    child.exe_dev != e->m.exe_dev || child.exe_ino != e->m.exe_ino)
			continue;
		pidfd = proc_pidfd(&child);
		if (proc_pidfd_is_alive(e->m_pidfd) && proc_signal(pidfd, SIGKILL) == 0)
			any = true;
		io_close(&pidfd);
	}
	return any;
}

/* If there was somebody, M finds him gone and closes the session; else it is ended before
 * it makes anybody. */
static void
clear_m(const struct ending *e)
{
	if (!kill_sshd_below(e))
		(void)proc_signal(e->m_pidfd, SIGTERM);
	(void)proc_signal(e->m_pidfd, SIGCONT);
}

static void
drop(struct ending *e)
{
	/* Nobody else would let it go on. */
	if (has_taken(e, ENDING_STOP_M) && !has_taken(e, ENDING_CLEAR_M))
		clear_m(e);
	LIST_REMOVE(e, link);
	leftovers_free(&e->rest);
	io_close(&e->m_pidfd);
	io_close(&e->u_pidfd);
	free(e);
}

void
endings_free(struct endings *endings)
{
	struct ending *e;

	if (endings == NULL)
		return;
	while ((e = LIST_FIRST(&endings->list)) != NULL)
		drop(e);
	loop_watch_free(endings->timer);
	free(endings);
}

static int
copy_of(int fd)
{
	return fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
}

/* U may come into being after its end was asked for. */
static void
know_u(struct endings *endings, struct ending *e)
{
	struct conn *conn = conns_by_id(endings->gw->conns, e->conn_id);

	if (e->u_pidfd >= 0 || conn == NULL || !conn->had_session)
		return;
	if (conn->u_pidfd < 0)
		(void)conn_find_u(conn);
	e->u = conn->u.pid;
	e->u_pidfd = copy_of(conn->u_pidfd);
}

static void
begin(struct ending *e)
{
	e->has_begun = true;
	if (e->u_pidfd < 0)
		return;
	leftovers_find(&e->rest, e->u, e->u_pidfd);
	leftovers_hang_up(&e->rest);
}

static void
give_up(struct endings *endings, struct ending *e)
{
	struct conn *conn = conns_by_id(endings->gw->conns, e->conn_id);

	log_error("c%u of %s: not all of its processes could be ended", e->conn_id, e->user);
	if (conn != NULL)
		conns_end(endings->gw->conns, conn, "not all of its processes could be ended");
}

static void
take_step(struct ending *e, enum ending_step step)
{
	e->taken |= UINT32_C(1) << step;
	switch (step) {
	case ENDING_TERM_U:
		(void)proc_signal(e->u_pidfd, SIGTERM);
		(void)proc_signal(e->u_pidfd, SIGCONT); /* should it be stopped */
		(void)proc_signal(e->m_pidfd, SIGCONT);
		break;
	case ENDING_STOP_M:
		(void)proc_signal(e->m_pidfd, SIGSTOP);
		break;
	case ENDING_CLEAR_M:
		clear_m(e);
		break;
	case ENDING_TERM_M:
		(void)proc_signal(e->m_pidfd, SIGTERM);
		break;
	case ENDING_KILL_U:
		leftovers_find(
		    &e->rest, e->u, e->u_pidfd); /* its children are nobody's after */
		(void)proc_signal(e->u_pidfd, SIGKILL);
		break;
	case ENDING_KILL_REST:
		leftovers_kill(&e->rest);
		break;
	case ENDING_KILL_M:
		(void)proc_signal(e->m_pidfd, SIGKILL);
		break;
	case ENDING_WAIT:
	case ENDING_DONE:
	case ENDING_GIVE_UP:
	default:
		break;
	}
}

/* False once there is nothing more to do. */
static bool
advance(struct endings *endings, struct ending *e)
{
	struct ending_view view = {.taken = e->taken};
	enum ending_step step;

	know_u(endings, e);
	view.elapsed_ms = io_now_ms() - e->since_ms;
	view.knows_u = e->u_pidfd >= 0;
	view.u_lives = proc_pidfd_is_alive(e->u_pidfd);
	view.m_lives = proc_pidfd_is_alive(e->m_pidfd);
	view.m_stands = has_taken(e, ENDING_STOP_M) && proc_is_stopped(e->m.pid);
	view.rest_lives = leftovers_live(&e->rest);
	step = ending_plan(&view);
	take_step(e, step);
	if (step == ENDING_GIVE_UP)
		give_up(endings, e);
	return step != ENDING_DONE && step != ENDING_GIVE_UP;
}

static void
on_tick(void *arg, int fd, unsigned int events)
{
	struct endings *endings = arg;
	struct ending *e, *next;
	unsigned int begun = 0;

	(void)fd;
	(void)events;
	for (e = LIST_FIRST(&endings->list); e != NULL; e = next) {
		next = LIST_NEXT(e, link);
		if (!e->has_begun && e->is_late && !proc_pidfd_is_alive(e->u_pidfd)) {
			drop(e);
			continue;
		}
		if (!e->has_begun) {
			if (io_now_ms() < e->since_ms || ++begun > BEGIN_MAX)
				continue;
			know_u(endings, e);
			begin(e);
		}
		if (!advance(endings, e))
			drop(e);
	}
	if (!LIST_EMPTY(&endings->list))
		(void)loop_timer_set(endings->timer, TICK_MS);
}

struct endings *
endings_new(struct gateway *gw)
{
	struct endings *endings = calloc(1, sizeof(*endings));

	if (endings == NULL)
		return NULL;
	endings->gw = gw;
	LIST_INIT(&endings->list);
	endings->timer = loop_timer(gw->loop, on_tick, endings);
	if (endings->timer == NULL) {
		free(endings);
		return NULL;
	}
	return endings;
}

static void
add(struct endings *endings, struct conn *conn, int64_t wait_ms)
{
	struct ending *e;

	LIST_FOREACH(e, &endings->list, link)
		if (e->conn_id == conn->id)
			return;
	e = calloc(1, sizeof(*e));
	if (e == NULL) {
		/* Without ceremony, but ended. */
		(void)proc_signal(conn->u_pidfd >= 0 ? conn->u_pidfd : conn->m_pidfd,
		    conn->u_pidfd >= 0 ? SIGKILL : SIGTERM);
		log_error("c%u of %s: no memory for an orderly end", conn->id, conn->user);
		return;
	}
	e->conn_id = conn->id;
	memcpy(e->user, conn->user, sizeof(e->user));
	e->m = conn->m;
	e->m_pidfd = copy_of(conn->m_pidfd);
	e->u_pidfd = copy_of(conn->u_pidfd);
	e->u = conn->u.pid;
	e->since_ms = io_now_ms() + wait_ms;
	e->is_late = wait_ms > 0;
	leftovers_init(&e->rest, conn->uid);
	LIST_INSERT_HEAD(&endings->list, e, link);
	(void)loop_timer_set(endings->timer, 0);
}

void
endings_add(struct endings *endings, struct conn *conn)
{
	add(endings, conn, 0);
}

void
endings_add_late(struct endings *endings, struct conn *conn)
{
	add(endings, conn, LATE_MS);
}
