/* From the start on: when the first callers are accepted, and what the service manager
 * is told: that it is ready, what goes on, and that its loop still turns. */
#ifndef SALLYPORT_DAEMON_PULSE_H
#define SALLYPORT_DAEMON_PULSE_H

#include "daemon/gateway.h"

#include <stdint.h>

/* From the loop; returns in how many milliseconds the next is due. Users are accepted
 * once the helpers are up and all names looked up, or after 1.5 s; READY=1 is said when,
 * besides, the manager holds the listeners, or, because an admin needs a daemon that
 * answers when they are not, after a few seconds. */
uint32_t pulse_beat(const struct gateway *gw);

#endif
