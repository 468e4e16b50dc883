/* Connecting to a VM's back end without blocking, and making sure who is there:
 * when a VM is down anyone may bind its port or path, and would get a user's
 * passwords. */
#ifndef SALLYPORT_DAEMON_DIAL_H
#define SALLYPORT_DAEMON_DIAL_H

#include "daemon/gateway.h"
#include "policy/vm.h"

struct dial;

/* fd >= 0: connected, checked, non-blocking, now the receiver's. Else reason says
 * why not (static text). */
typedef void dial_done_fn(void *arg, int fd, const char *reason);

/* fn is called once, later, unless dial_cancel comes first. right says which console of
 * a libvirt: or qmp: target is meant. NULL without memory. */
struct dial *dial_start(struct gateway *gw, const struct target *target, const char *right,
    dial_done_fn *fn, void *arg);
/* Accepts NULL; not after fn was called. */
void dial_cancel(struct dial *dial);

#endif
