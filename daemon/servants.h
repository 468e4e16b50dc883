/* The four helpers of the gateway, and what they tell unasked. */
#ifndef SALLYPORT_DAEMON_SERVANTS_H
#define SALLYPORT_DAEMON_SERVANTS_H

#include "daemon/gateway.h"

/* Starts all. 0, -ENOMEM. */
int servants_start(struct gateway *gw);
void servants_end(struct gateway *gw);

/* Tells the running ones what they need of new settings. */
void servants_tell(struct gateway *gw);

#endif
