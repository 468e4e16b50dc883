/* Words to the service manager (sd_notify(3)'s protocol): datagrams to
 * $NOTIFY_SOCKET. By hand, to keep a large library out of the root process. */
#ifndef SALLYPORT_DAEMON_NOTIFY_H
#define SALLYPORT_DAEMON_NOTIFY_H

#include <stdbool.h>

/* A service manager started us and wants to hear. */
bool notify_is_wanted(void);

/* E.g. "READY=1". Does nothing without a manager; never blocks, never fails. */
void notify_manager(const char *state);

/* The same with a descriptor, which stays the caller's (-1: none). Does not block:
 * 0, -ENOTCONN without a manager, -EAGAIN when it is behind with reading, -errno. */
int notify_send(const char *state, int fd);

#endif
