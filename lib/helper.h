/* The life of a helper process, the same for all: started by the supervisor as
 * root with its end of a SOCK_SEQPACKET pair on descriptor 3 and an empty
 * environment; it takes its part of the configuration from its arguments, opens
 * what only root can open, gives root up, confines itself, says READY, and
 * serves until the supervisor's end closes. */
#ifndef SALLYPORT_LIB_HELPER_H
#define SALLYPORT_LIB_HELPER_H

#include <stddef.h>

#define HELPER_FD 3

/* drop_to_account, then confine_to_calls; says on the log what failed. 0, -errno:
 * the helper must then end. */
int helper_confine(const char *account, const int *calls, size_t n);
/* Its two halves, for who starts a thread in between, which confines itself. */
int helper_drop(const char *account);
int helper_filter(const int *calls, size_t n);

/* Sends a whole message to the supervisor, waiting for room at most timeout_ms.
 * 0 or -errno: the helper should then end. */
int helper_send(const void *buf, size_t len, int timeout_ms);

#endif
