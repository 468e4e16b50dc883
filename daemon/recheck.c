/* Goes round the connections. */
#include "daemon/recheck.h"

#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/gate.h"
#include "daemon/sessions.h"
#include "lib/log.h"

#include <stdlib.h>

static bool is_running; /* a look-up is out */
static bool is_wanted;  /* again, from the first */
static uint32_t asked;  /* the connection that it was last about; 0: the go is over */

static void
go_on(struct gateway *gw);

void
recheck_take(struct gateway *gw, struct conn *conn, const struct people_user *user)
{
	const char *reason = gate_conn_ends(gw, gw->policy, conn, user);

	if (reason != NULL)
		conns_close(gw->conns, conn, reason);
	else if (user->status == PROTO_NAME_FAILED)
		log_warn("c%u: the groups of %s cannot be looked up: as before", conn->id,
		    conn->user);
	else if (conn_set_groups(conn, &user->groups) &&
		 conn_set_home(conn, user->home, user->shell)) {
		channels_rejudge(gw->channels, conn->id);
		sessions_rejudge(gw->sessions, conn->id);
	}
}

static void
on_user(void *arg, struct people_user *user)
{
	struct gateway *gw = arg;
	struct conn *conn = conns_by_id(gw->conns, asked);

	is_running = false;
	if (conn != NULL)
		recheck_take(gw, conn, user);
	go_on(gw);
}

/* The connection with the lowest number above id. */
static struct conn *
conn_above(struct gateway *gw, uint32_t id)
{
	struct conn *conn = NULL, *best = NULL;

	while ((conn = conns_next(gw->conns, conn)) != NULL)
		if (conn->id > id && conn->state != CONN_ENDED &&
		    (best == NULL || conn->id < best->id))
			best = conn;
	return best;
}

static void
go_on(struct gateway *gw)
{
	struct conn *conn = conn_above(gw, asked);

	if (conn == NULL && is_wanted) {
		is_wanted = false;
		conn = conn_above(gw, 0);
	}
	if (conn == NULL) {
		asked = 0;
		return;
	}
	/* With names down the go stops here, and recheck_resume takes it up. */
	if (people_ask_user(gw, conn->user, on_user, gw) == 0) {
		asked = conn->id;
		is_running = true;
	}
}

void
recheck_conns(struct gateway *gw)
{
	is_wanted = is_running;
	if (is_running)
		return;
	asked = 0;
	go_on(gw);
}

bool
recheck_is_running(void)
{
	return is_running;
}

void
recheck_resume(struct gateway *gw)
{
	if (!is_running && asked != 0)
		go_on(gw);
}
