/* The record of a refusal at an endpoint; above 10 in a second they are summed. */
#ifndef SALLYPORT_DAEMON_DENIAL_H
#define SALLYPORT_DAEMON_DENIAL_H

#include "daemon/audit.h"

/* Of a connection; line, the deciding one, may be NULL. */
void denial_record(struct audit *audit, const struct conn *conn, const char *vm,
    const char *right, const char *line, const char *reason);
/* The same of a SPICE channel: "inputs:0". */
void denial_record_link(struct audit *audit, const struct conn *conn, const char *vm,
    const char *right, const char *line, const char *reason, const char *link);
/* Of whom the endpoint could not identify: (uid_t)-1 and 0 are not known. */
void denial_record_stranger(struct audit *audit, const char *vm, const char *right, uid_t uid,
    pid_t pid, const char *reason);

#endif
