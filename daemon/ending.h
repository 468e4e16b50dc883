/* Ending the processes of a connection: U is asked, then killed; what it started is
 * killed; M, which closes the session, comes last. When what is ending_plan.c's. */
#ifndef SALLYPORT_DAEMON_ENDING_H
#define SALLYPORT_DAEMON_ENDING_H

#include "daemon/conn.h"
#include "daemon/gateway.h"

struct endings *endings_new(struct gateway *gw);
/* Lets go of those that are not done. */
void endings_free(struct endings *endings);

/* Begins; conn may go before it is done. Returns at once: all further steps are
 * taken by a timer. */
void endings_add(struct endings *endings, struct conn *conn);
/* M ended by itself: U most probably does, too, and then what it started is sshd's and
 * the user's matter. Begins only if U is still there a moment later. */
void endings_add_late(struct endings *endings, struct conn *conn);

#endif
