/* Reads and writes /var/lib/sallyport/addresses; who gets which is policy/address's. */
#include "daemon/kept_address.h"

#include "lib/log.h"
#include "policy/address.h"
#include "policy/vm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH "/var/lib/sallyport/addresses"
#define TEMP "/var/lib/sallyport/.addresses"

/* The addresses of VMs that are gone are kept, too: who comes back finds his own. */
static int
save(const struct policy *policy, const struct in_addr *addresses,
    const struct address_kept *kept, size_t n)
{
	FILE *file = fopen(TEMP, "we");
	int err;

	if (file == NULL)
		return -errno;
	for (size_t i = 0; i < n; i++)
		if (policy_vm_find(policy, kept[i].name) == NULL)
			fprintf(file, "%s %s\n", kept[i].name, inet_ntoa(kept[i].address));
	for (size_t i = 0; i < policy_vm_count(policy); i++)
		if (addresses[i].s_addr != INADDR_ANY)
			fprintf(file, "%s %s\n", policy_vm(policy, i)->name,
			    inet_ntoa(addresses[i]));
	err = ferror(file) ? -EIO : 0;
	if (fclose(file) != 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(TEMP, PATH) < 0)
		err = -errno;
	return err;
}

int
kept_address_allot(const struct policy *policy, struct in_addr *addresses)
{
	struct address_kept *kept = NULL;
	size_t n = 0;
	int err = address_read_kept(PATH, &kept, &n);

	if (err < 0 && err != -ENOENT) {
		log_error(PATH ": %s", strerror(-err));
		return err;
	}
	err = address_allot(policy, kept, n, addresses);
	if (err == 0) {
		int saved = save(policy, addresses, kept, n);
		if (saved < 0)
			log_error(PATH ": %s", strerror(-saved));
	}
	free(kept);
	return err;
}
