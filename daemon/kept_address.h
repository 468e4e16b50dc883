/* The loopback addresses that were handed out to VMs, kept in
 * /var/lib/sallyport/addresses (lines "NAME ADDRESS"), so that a VM's name and
 * address stay together when others come and go. */
#ifndef SALLYPORT_DAEMON_KEPT_ADDRESS_H
#define SALLYPORT_DAEMON_KEPT_ADDRESS_H

#include "policy/policy.h"

#include <netinet/in.h>

/* Fills addresses[policy_vm_count()], and writes the file when something is new in
 * it. 0 or -errno. At start and reload only: it touches the disk, but does not
 * wait for it (a lost file is handed out anew, in the same order). */
int kept_address_allot(const struct policy *policy, struct in_addr *addresses);

#endif
