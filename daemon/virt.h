/* VMs that listen nowhere, as the supervisor knows them: the two processes of virt, one
 * that asks libvirt and one that asks QEMU's control sockets, each only while vms.conf
 * names such back ends. */
#ifndef SALLYPORT_DAEMON_VIRT_H
#define SALLYPORT_DAEMON_VIRT_H

#include "daemon/gateway.h"
#include "daemon/row.h"
#include "daemon/row.h"
#include "policy/vm.h"

struct virt;
struct virt_call;

/* fd >= 0: a connected stream socket, non-blocking, now the receiver's. Else reason says
 * why not (static text). */
typedef void virt_done_fn(void *arg, int fd, const char *reason);

/* With the policy of now. NULL without memory. */
struct virt *virt_new(struct gateway *gw);
/* Open calls are answered. Accepts NULL. */
void virt_free(struct virt *virt);
/* The policy may name other back ends now. Accepts NULL. */
void virt_reload(struct virt *virt);

/* Opens the console of target (libvirt: or qmp:) that right means. fn is called once,
 * later, at the latest a second after timeout_ms, unless virt_cancel comes first. NULL
 * when it cannot even be asked: *why is a static text. */
struct virt_call *virt_open(struct virt *virt, const struct target *target, const char *right,
    uint32_t timeout_ms, virt_done_fn *fn, void *arg, const char **why);
/* Accepts NULL; not after fn was called. */
void virt_cancel(struct virt_call *call);

/* What is known of the VM behind target: "running", "paused", "shut off", or "". */
const char *virt_state(const struct virt *virt, const struct target *target);
/* The same of a VM, by the first of its endpoints of which it is known. */
const char *virt_vm_state(const struct virt *virt, const struct vm *vm);
/* The lines of status: a process each that is in use. */
void virt_put_status(const struct virt *virt, struct row *row);

#endif
