/* What the configuration says, read whole and checked: settings, VMs, grants,
 * YubiKeys. Immutable once loaded. Grammar: DESIGN.md, man/vm_mappings.5 and its
 * neighbours. */
#ifndef SALLYPORT_POLICY_POLICY_H
#define SALLYPORT_POLICY_POLICY_H

#include "policy/report.h"

#include <stddef.h>

struct policy;
struct settings;
struct vm;
struct vm_run;

/* Reads conf_path (sallyport.conf) and, from the same folder, vms.conf,
 * vms.conf.d/NAME.conf, vm_mappings, vm_mappings.d/NAME (names in byte order;
 * those that begin with '.' or end in '~' are left out), yubikey_mappings.
 * Only the three first-named mapping files must exist. All errors go into report. 0
 * and *policy (the caller's to free) when there was none; else -EINVAL, *policy untouched;
 * -ENOMEM. Blocks on the disk; asks no NSS. policy_free accepts NULL. */
int policy_load(const char *conf_path, struct report *report, struct policy **policy);
void policy_free(struct policy *policy);

const struct settings *policy_settings(const struct policy *policy);

size_t policy_vm_count(const struct policy *policy);
const struct vm *policy_vm(const struct policy *policy, size_t i);
/* NULL when there is none of that name. */
const struct vm *policy_vm_find(const struct policy *policy, const char *name);
/* A run.NAME of [host]; NULL when there is none. */
const struct vm_run *policy_run_find(const struct policy *policy, const char *name);
const struct vm_run *policy_run(const struct policy *policy, size_t i);

/* Lines of vm_mappings, and every distinct @group in them (without '@', at most
 * PROTO_GROUPS_MAX - 1). */
size_t policy_grant_count(const struct policy *policy);
size_t policy_group_count(const struct policy *policy);
const char *policy_group(const struct policy *policy, size_t i);

/* Every distinct "who" of vm_mappings as it stands there ("anne", "@group"), in
 * order of first mention, and how many lines name it. */
size_t policy_who_count(const struct policy *policy);
const char *policy_who(const struct policy *policy, size_t i);
size_t policy_who_grants(const struct policy *policy, size_t i);

/* The public ids (lower-case modhex) mapped to user, *n 0 for nobody; and all users. */
const char *const *policy_keys(const struct policy *policy, const char *user, size_t *n);
size_t policy_key_user_count(const struct policy *policy);
const char *policy_key_user(const struct policy *policy, size_t i);

/* The files that were read, for "changed, not loaded": path and mtime. */
struct policy_file {
	const char *path;
	long long mtime_ns;
};
size_t policy_file_count(const struct policy *policy);
const struct policy_file *policy_file(const struct policy *policy, size_t i);

#endif
