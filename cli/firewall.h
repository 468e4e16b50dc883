/* Packet filter rules that keep the gated users' own processes away from the VMs'
 * consoles and services, so that the way there is through the gate. */
#ifndef SALLYPORT_CLI_FIREWALL_H
#define SALLYPORT_CLI_FIREWALL_H

#include "cli/accounts.h"
#include "policy/policy.h"

#include <stdio.h>

/* In nftables' language (nft(8)), a table of its own that replaces itself when it is
 * loaded again. Only what has an address has a rule: Unix sockets have modes. */
void firewall_print(FILE *out, const struct policy *policy, const struct accounts *accounts);

#endif
