/* The users of the connections, looked up anew: who is gone, or has left a group,
 * loses what hung on that. One look-up after the other: names works serially. */
#ifndef SALLYPORT_DAEMON_RECHECK_H
#define SALLYPORT_DAEMON_RECHECK_H

#include "daemon/conn.h"
#include "daemon/gateway.h"
#include "daemon/people.h"

#include <stdbool.h>

/* All of them, from the first. While a go is running: again after it. */
void recheck_conns(struct gateway *gw);
/* names was started again: a go that it broke off goes on behind the one whose look-up
 * did that. From the first again, a user whose look-up hangs would starve the others. */
void recheck_resume(struct gateway *gw);

bool recheck_is_running(void);

/* What was found of conn's user: ends conn, or sets its groups. */
void recheck_take(struct gateway *gw, struct conn *conn, const struct people_user *user);

#endif
