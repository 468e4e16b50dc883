/* The loopback addresses of VMs that vms.conf gives none: handed out in order from
 * 127.90.0.0/16 and kept, the same way by the daemon and by `print hosts`. */
#ifndef SALLYPORT_POLICY_ADDRESS_H
#define SALLYPORT_POLICY_ADDRESS_H

#include "policy/policy.h"

#include <netinet/in.h>
#include <stddef.h>

/* An address that was handed out before; of a VM that may be gone meanwhile. */
struct address_kept {
	char name[64]; /* of the VM */
	struct in_addr address;
};

/* Reads lines "NAME ADDRESS" into a fresh *kept[*n] (the caller frees it). Lines
 * that are not like that are left out: such a VM gets an address anew. 0; -ENOENT,
 * -EFBIG above 8 MiB, -ENOMEM, -errno: *kept is NULL then and *n 0. Blocks on the
 * disk. */
int address_read_kept(const char *path, struct address_kept **kept, size_t *n);

/* Fills out[policy_vm_count()]: the address that vms.conf gives; else the one kept
 * for that name, if it lies in 127.90.0.0/16 and nobody else was given it; else, in
 * order of declaration, the next free one from 127.90.0.1 on. Addresses kept for
 * VMs that are gone count as taken, so that who comes back finds his own. 0;
 * -ENOSPC when all are taken: out then holds INADDR_ANY where one is missing. Pure. */
int address_allot(const struct policy *policy, const struct address_kept *kept, size_t n,
    struct in_addr *out);

#endif
