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

/* fn is called once, unless dial_cancel of *dial comes first: maybe before this returns.
 * right says which console of a libvirt: or qmp: target is meant. 0; -ENOMEM: no memory
 * or no descriptor, and fn is not called. */
int dial_start(struct dial **dial, struct gateway *gw, const struct target *target,
    const char *right, dial_done_fn *fn, void *arg);
/* Accepts NULL; not after fn was called. */
void dial_cancel(struct dial *dial);

#endif
