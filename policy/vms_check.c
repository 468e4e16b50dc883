/* What only all files of VMs together show: names, addresses and ports that meet,
 * back ends that nobody may serve. And the index by name. */
#include "policy/hash.h"
#include "policy/settings.h"
#include "policy/target.h"
#include "policy/vms.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
by_address(const void *a, const void *b, void *context)
{
	const struct vm *vms = context;
	const size_t *left = a, *right = b;
	uint32_t one = vms[*left].address.s_addr, two = vms[*right].address.s_addr;

	if (one != two)
		return one < two ? -1 : 1;
	return (*left > *right) - (*left < *right);
}

/* Each before it can be found itself: what is found is the first of that name. */
static int
check_names(struct vms *vms, struct report *report)
{
	int err = vms->count < INDEX_NONE ? 0 : -ENOMEM;

	for (size_t i = 0; i < vms->count && err == 0; i++) {
		const struct vm *vm = &vms->vms[i], *first = vms_find(vms, vm->name);

		/* Twice in one file is said where the sections are read. */
		if (first != NULL && first->file != vm->file)
			report_error(report, vm->file, vm->line, NULL,
			    "VM '%s' is declared already, in %s:%zu", vm->name, first->file,
			    first->line);
		err = index_add(&vms->names, hash_str(vm->name), (uint32_t)i);
	}
	return err;
}

static void
check_addresses(const struct vms *vms, const size_t *order, struct report *report)
{
	for (size_t i = 1; i < vms->count; i++) {
		const struct vm *first = &vms->vms[order[i - 1]], *vm = &vms->vms[order[i]];
		char text[INET_ADDRSTRLEN];

		if (vm->address.s_addr != INADDR_ANY &&
		    first->address.s_addr == vm->address.s_addr)
			report_error(report, vm->file, vm->address_line, "address",
			    "%s is the address of VM '%s' already",
			    inet_ntop(AF_INET, &vm->address, text, sizeof(text)), first->name);
	}
}

static void
check_ports(const struct vm *vm, struct report *report)
{
	for (size_t i = 0; i < vm->endpoint_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct vm_endpoint *first = &vm->endpoints[k],
						 *e = &vm->endpoints[i];
			if (e->port == 0 || e->port != first->port)
				continue;
			report_error(report, vm->file, e->line, NULL,
			    "%s and %s of VM '%s' would both have port %u", first->right,
			    e->right, vm->name, e->port);
			break;
		}
}

static void
check_back_ends(const struct vm *vm, struct report *report)
{
	for (size_t i = 0; i < vm->endpoint_count; i++)
		if (target_is_local(&vm->endpoints[i].target))
			report_error(report, vm->file, vm->endpoints[i].line,
			    vm->endpoints[i].right,
			    "anyone here could listen there: say in sallyport.conf whose "
			    "programs may, e.g. backend_uid = libvirt-qemu");
}

int
vms_check(struct vms *vms, const struct settings *settings, struct report *report)
{
	size_t *order = calloc(vms->count + 1, sizeof(*order));
	int err = order != NULL ? check_names(vms, report) : -ENOMEM;

	for (size_t i = 0; i < vms->count && err == 0; i++)
		order[i] = i;
	if (vms->count > 0 && err == 0)
		qsort_r(order, vms->count, sizeof(*order), by_address, vms->vms);
	if (err == 0)
		check_addresses(vms, order, report);
	for (size_t i = 0; i < vms->count && err == 0; i++) {
		check_ports(&vms->vms[i], report);
		if (settings != NULL && settings->backend_user_count == 0)
			check_back_ends(&vms->vms[i], report);
	}
	free(order);
	return err;
}
