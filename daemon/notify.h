/* Words to the service manager (sd_notify(3)'s protocol): one datagram to
 * $NOTIFY_SOCKET. By hand, to keep a large library out of the root process. */
#ifndef SALLYPORT_DAEMON_NOTIFY_H
#define SALLYPORT_DAEMON_NOTIFY_H

/* E.g. "READY=1". Does nothing without a manager; never blocks, never fails. */
void notify_manager(const char *state);

#endif
