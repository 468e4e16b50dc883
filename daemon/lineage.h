/* Whose connection a process of a user belongs to: up from it, parent by parent, to
 * the first that is a U. */
#ifndef SALLYPORT_DAEMON_LINEAGE_H
#define SALLYPORT_DAEMON_LINEAGE_H

#include "daemon/conn.h"
#include "daemon/door.h"

#include <stdbool.h>

/* The registered connection, or NULL; *is_child when U is the caller's own parent. */
struct conn *lineage_find(const struct caller *caller, bool *is_child);

/* otp = shell: has the caller's parent all the marks of a U whose connection is not
 * yet registered? 0, u and m filled and *m_pidfd (the receiver's) set; -EPERM. */
int lineage_candidate(
    const struct caller *caller, struct proc *u, struct proc *m, int *m_pidfd);

/* The address of the client, as M's own TCP socket has it, into text[cap]; "" when it
 * cannot be told. Never from what a user could have written. */
void lineage_source(const struct proc *m, int m_pidfd, char *text, size_t cap);

#endif
