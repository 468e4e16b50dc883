/* Where channels come in: for each VM and right a Unix socket
 * /run/sallyport/vm/VM/RIGHT and a port on the VM's own loopback address. */
#ifndef SALLYPORT_DAEMON_ENDPOINT_H
#define SALLYPORT_DAEMON_ENDPOINT_H

#include "daemon/gateway.h"

#include <netinet/in.h>
#include <stddef.h>

struct endpoints *endpoints_new(struct gateway *gw);
void endpoints_free(struct endpoints *endpoints);

/* Opens what the policy has and closes what it has no longer; those that stay are
 * not touched. What can't be opened is logged and tried again by endpoints_retry; of very
 * many, some are opened in turns of the loop to come. Listeners take three quarters of
 * the process's descriptors at most, the first of the files first. */
void endpoints_sync(struct endpoints *endpoints);
/* Once a second: missing listeners again, and the sockets' group once it is known. */
void endpoints_retry(struct endpoints *endpoints);
/* They listen from the first sync on; only now is anyone accepted. */
void endpoints_admit(struct endpoints *endpoints);

/* The address of policy_vm(i), INADDR_ANY if it has none. */
struct in_addr endpoints_address(const struct endpoints *endpoints, size_t i);

struct endpoint_count {
	size_t wanted, open; /* all: how many should listen, how many do */
	size_t ports, kept;  /* TCP alone: how many listen, how many outlive the daemon */
};
void endpoints_count(const struct endpoints *endpoints, struct endpoint_count *count);

#endif
