/* vms.conf: what exists. Grammar: man/vms.conf.5. */
#ifndef SALLYPORT_POLICY_VMS_H
#define SALLYPORT_POLICY_VMS_H

#include "policy/index.h"
#include "policy/report.h"
#include "policy/vm.h"

#include <stdbool.h>

#define VMS_NAME_MAX     63 /* of a VM: it becomes a host name */
#define VMS_SERVICE_MAX  32 /* of service.NAME and run.NAME */

struct settings;

struct vms {
	struct vm *vms; /* as declared */
	size_t count;
	struct vm_run *runs;
	size_t run_count;
	struct index names; /* of vms; from vms_check on */
};

/* Adds what text[len] declares; file must outlive *vms. What is wrong is said in
 * report, the rest is added. 0, -ENOMEM. */
int vms_parse(struct vms *vms, const char *file, const char *text, size_t len,
    struct report *report);

/* After the last file: what only all together show. settings may be NULL when
 * they could not be read. 0, -ENOMEM. */
int vms_check(struct vms *vms, const struct settings *settings, struct report *report);

void vms_free(struct vms *vms);

/* NULL when there is none. Only after vms_check. */
const struct vm *vms_find(const struct vms *vms, const char *name);
const struct vm_run *vms_find_run(const struct vms *vms, const char *name);
const struct vm_endpoint *vms_endpoint(const struct vm *vm, const char *right);

/* Whether a service may be called that: of the right characters and no word
 * that vm_mappings has another meaning for. */
bool vms_is_service_name(const char *name);

#endif
