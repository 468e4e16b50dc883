/* libvirt, the only place that knows it. Every call here may block for as long as
 * libvirtd or a domain likes: made in processes that are killed then (worker.h). */
#ifndef SALLYPORT_VIRT_HYPERVISOR_H
#define SALLYPORT_VIRT_HYPERVISOR_H

#include "lib/proto.h"

#include <stdbool.h>
#include <stdio.h>

/* Which libvirt; static or to outlive all use. Without it qemu:///system. */
void hypervisor_set_uri(const char *uri);

/* The graphical console of a running domain: *fd, the caller's, with OK. The
 * connection to libvirt is kept, and made anew when it has broken. */
enum proto_virt hypervisor_open_graphics(
    const char *domain, enum proto_console what, int *fd);

/* The serial console: held open with OK, for hypervisor_pump alone. */
enum proto_virt hypervisor_open_serial(const char *domain);
/* Carries bytes between fd and that console until either ends. */
void hypervisor_pump(int fd);

/* Tells all domains' states, then each change. Returns when the connection ends, or
 * with the first error of fn. */
typedef int hypervisor_state_fn(const char *domain, enum proto_vm_state state);
void hypervisor_watch(hypervisor_state_fn *fn);

/* A line for each domain, its fields parted by tabs: name, graphics ("spice", "vnc",
 * "spice,vnc" or "-"), "serial" or "-", title (may be empty). 0, or -1: it was said
 * on the log why not. */
int hypervisor_list(FILE *out);

#endif
