/* Where a right leads, as vms.conf writes it: unix:/path, tcp:ADDRESS:PORT,
 * tcp:[IPV6]:PORT, libvirt:DOMAIN, qmp:/path. */
#ifndef SALLYPORT_POLICY_TARGET_H
#define SALLYPORT_POLICY_TARGET_H

#include "policy/vm.h"

#include <stdbool.h>

/* 0 and *target, whose name the caller frees; -EINVAL and in *why a static text;
 * -ENOMEM. */
int target_parse(const char *text, struct target *target, const char **why);

/* Whether anyone on this machine might listen there: a Unix socket (QMP too), or TCP
 * at a loopback address. */
bool target_is_local(const struct target *target);

/* The TCP target's port; 0 for the other kinds. */
uint16_t target_port(const struct target *target);

/* Do both lead to the same place? */
bool target_is_same(const struct target *a, const struct target *b);

#endif
