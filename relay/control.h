/* What the supervisor says to the relay. */
#ifndef SALLYPORT_RELAY_CONTROL_H
#define SALLYPORT_RELAY_CONTROL_H

#include "relay/table.h"

#include <stddef.h>

/* Obeys the messages that wait on HELPER_FD, some at a time. A pair that can't
 * be made ends at once, with its message. 0; 1: the supervisor is gone; -errno:
 * the relay must end. */
int control_read(struct table *table, int epoll, size_t pairs_max, int64_t now_ms);

#endif
