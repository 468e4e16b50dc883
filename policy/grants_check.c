/* The lines of vm_mappings against what vms.conf declares, and against each other. */
#include "policy/grants_read.h"
#include "policy/hash.h"
#include "policy/rights.h"

#include <string.h>

static bool
any_has(const struct vms *vms, const char *service)
{
	for (size_t i = 0; i < vms->count; i++)
		if (vms_endpoint(&vms->vms[i], service) != NULL)
			return true;
	return false;
}

/* What the line grants and its VM has not. */
static void
check_effect(const struct grant *grant, const struct vm *vm, struct report *report)
{
	static const struct {
		uint32_t rights;
		const char *endpoint;
	} ways[] = {
	    {RIGHT_SPICE_VIEW, "spice"}, {RIGHT_VNC_VIEW, "vnc"}, {RIGHT_SERIAL, "serial"}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if ((grant->rights & ways[i].rights) != 0 &&
		    vms_endpoint(vm, ways[i].endpoint) == NULL)
			report_warning(report, grant->file, grant->line, ways[i].endpoint,
			    "VM '%s' has none in %s:%zu", vm->name, vm->file, vm->line);
	if ((grant->rights & RIGHT_SFTP_RO) != 0 && vm->folder == NULL)
		report_warning(report, grant->file, grant->line, "sftp",
		    "VM '%s' has no folder in %s:%zu", vm->name, vm->file, vm->line);
}

static void
check_names(const struct grant *grant, const struct vm *vm, const struct vms *vms,
    struct report *report)
{
	for (size_t i = 0; grant->names != NULL && grant->names[i] != NULL; i++) {
		const char *name = grant->names[i];

		if (grant->scope == GRANT_HOST && vms_find_run(vms, name) == NULL)
			report_error(report, grant->file, grant->line, "may",
			    "run:%s is not declared: there is no run.%s in [host]", name, name);
		if (grant->scope == GRANT_VM && vms_endpoint(vm, name) == NULL)
			report_error(report, grant->file, grant->line, "may",
			    "'%s' is not a right: VM '%s' has no service.%s", name, vm->name,
			    name);
		if (grant->scope == GRANT_ANY && !any_has(vms, name))
			report_error(report, grant->file, grant->line, "may",
			    "'%s' is not a right: no VM has a service.%s", name, name);
	}
}

static void
check_grant(const struct grant *grant, const struct vms *vms, struct report *report)
{
	const struct vm *vm = grant->scope == GRANT_VM ? vms_find(vms, grant->vm) : NULL;

	if (grant->scope == GRANT_VM && vm == NULL) {
		report_error(
		    report, grant->file, grant->line, "VM", "there is no VM '%s'", grant->vm);
		return;
	}
	check_names(grant, vm, vms, report);
	if (vm != NULL)
		check_effect(grant, vm, report);
}

/* The line of the same words that index knows; NULL: none. */
static const struct grant *
find_text(
    const struct grants *grants, const struct index *index, uint64_t hash, const char *text)
{
	size_t at;
	uint32_t n = index_first(index, hash, &at);

	while (n != INDEX_NONE && strcmp(grants->grants[n].text, text) != 0)
		n = index_next(index, hash, &at);
	return n != INDEX_NONE ? &grants->grants[n] : NULL;
}

static int
check_double(struct grants_checker *checker, const struct grants *grants,
    const struct grant *grant, struct report *report)
{
	uint64_t hash = hash_str(grant->text);
	const struct grant *first = find_text(grants, &checker->texts, hash, grant->text);

	if (first == NULL)
		return index_add(&checker->texts, hash, (uint32_t)(grant - grants->grants));
	report_warning(report, grant->file, grant->line, NULL, "the same line as %s:%zu",
	    first->file, first->line);
	return 0;
}

/* All lines against the VMs, then all against each other: what is wrong is to find room
 * in the report before what is odd. */
int
grants_check_some(struct grants_checker *checker, const struct grants *grants,
    const struct vms *vms, struct report *report, size_t lines)
{
	int err = 0;

	for (; err == 0 && lines > 0 && checker->next < 2 * grants->count; lines--) {
		size_t i = checker->next++;

		if (i < grants->count)
			check_grant(&grants->grants[i], vms, report);
		else
			err = check_double(
			    checker, grants, &grants->grants[i - grants->count], report);
	}
	if (err == 0 && checker->next < 2 * grants->count)
		return 1;
	grants_check_end(checker);
	return err;
}

void
grants_check_end(struct grants_checker *checker)
{
	index_free(&checker->texts);
	*checker = (struct grants_checker){0};
}

int
grants_check(const struct grants *grants, const struct vms *vms, struct report *report)
{
	struct grants_checker checker = {0};

	return grants_check_some(&checker, grants, vms, report, SIZE_MAX);
}
