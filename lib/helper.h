/* The life of a helper process, the same for all: started by the supervisor as
 * root with its end of a SOCK_SEQPACKET pair on descriptor 3 and an empty
 * environment; it takes its part of the configuration from its arguments, opens
 * what only root can open, gives root up, confines itself, says READY, and
 * serves until the supervisor's end closes. */
#ifndef SALLYPORT_LIB_HELPER_H
#define SALLYPORT_LIB_HELPER_H

#include <stdbool.h>
#include <stddef.h>

#define HELPER_FD 3

/* Is there a supervisor at all? To be asked before anything else. */
bool helper_has_supervisor(void);
/* Nothing that was left by mistake stays: no environment, no other descriptor; what it
 * makes is its own, and a supervisor that goes is an error, not a signal. */
void helper_isolate(void);

/* drop_to_account, then confine_to_calls; says on the log what failed. 0, -errno:
 * the helper must then end. */
int helper_confine(const char *account, const int *calls, size_t n);
/* Its two halves, for who starts a thread in between, which confines itself. */
int helper_drop(const char *account);
/* helper_drop for who keeps one group besides (drop.h). */
int helper_drop_in(const char *account, const char *group);
int helper_filter(const int *calls, size_t n);

/* READY without a field. 0, -errno. */
int helper_ready(void);
/* Sends a whole message to the supervisor, waiting for room at most timeout_ms.
 * 0 or -errno: the helper should then end. */
int helper_send(const void *buf, size_t len, int timeout_ms);
/* The same with one descriptor, which stays the caller's; -1: none. */
int helper_send_fd(const void *buf, size_t len, int fd, int timeout_ms);
/* Why it ends: 0 when the supervisor has gone (err says so, or is not negative); else
 * err, and it is in the log. */
int helper_ended(int err);

#endif
