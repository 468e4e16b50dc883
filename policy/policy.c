/* What the others ask of a loaded policy. */
#include "policy/policy.h"

#include "policy/model.h"

#include <stdint.h>
#include <stdlib.h>

void
policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	for (size_t i = 0; i < policy->file_count; i++)
		free((char *)(uintptr_t)policy->files[i].path);
	free(policy->files);
	grants_free(&policy->grants);
	keys_free(&policy->keys);
	vms_free(&policy->vms);
	settings_free(&policy->settings);
	for (size_t i = 0; i < policy->name_count; i++)
		free(policy->names[i]);
	free(policy->names);
	free(policy);
}

const struct settings *
policy_settings(const struct policy *policy)
{
	return &policy->settings;
}

size_t
policy_vm_count(const struct policy *policy)
{
	return policy->vms.count;
}

const struct vm *
policy_vm(const struct policy *policy, size_t i)
{
	return i < policy->vms.count ? &policy->vms.vms[i] : NULL;
}

const struct vm *
policy_vm_find(const struct policy *policy, const char *name)
{
	return vms_find(&policy->vms, name);
}

const struct vm_run *
policy_run_find(const struct policy *policy, const char *name)
{
	return vms_find_run(&policy->vms, name);
}

const struct vm_run *
policy_run(const struct policy *policy, size_t i)
{
	return i < policy->vms.run_count ? &policy->vms.runs[i] : NULL;
}

size_t
policy_grant_count(const struct policy *policy)
{
	return policy->grants.count;
}

size_t
policy_group_count(const struct policy *policy)
{
	return policy->grants.group_count;
}

const char *
policy_group(const struct policy *policy, size_t i)
{
	return i < policy->grants.group_count
		   ? policy->grants.whos[policy->grants.groups[i]].name
		   : NULL;
}

size_t
policy_who_count(const struct policy *policy)
{
	return policy->grants.who_count;
}

const char *
policy_who(const struct policy *policy, size_t i)
{
	return i < policy->grants.who_count ? policy->grants.whos[i].text : NULL;
}

size_t
policy_who_grants(const struct policy *policy, size_t i)
{
	return i < policy->grants.who_count ? policy->grants.whos[i].lines : 0;
}

const char *const *
policy_keys(const struct policy *policy, const char *user, size_t *n)
{
	const struct keys_user *found = keys_find(&policy->keys, user);

	*n = found != NULL ? found->count : 0;
	return found != NULL ? found->ids : NULL;
}

size_t
policy_key_user_count(const struct policy *policy)
{
	return policy->keys.user_count;
}

const char *
policy_key_user(const struct policy *policy, size_t i)
{
	return i < policy->keys.user_count ? policy->keys.users[i].name : NULL;
}

size_t
policy_file_count(const struct policy *policy)
{
	return policy->file_count;
}

const struct policy_file *
policy_file(const struct policy *policy, size_t i)
{
	return i < policy->file_count ? &policy->files[i] : NULL;
}
