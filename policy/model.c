/* Builds a policy from texts; opens no file. */
#include "policy/model.h"

#include "lib/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct policy *
model_new(void)
{
	return calloc(1, sizeof(struct policy));
}

const char *
model_keep_name(struct policy *policy, const char *name)
{
	char **grown = array_grow(policy->names, policy->name_count, sizeof(*grown));

	if (grown == NULL)
		return NULL;
	policy->names = grown;
	policy->names[policy->name_count] = strdup(name);
	if (policy->names[policy->name_count] == NULL)
		return NULL;
	return policy->names[policy->name_count++];
}

int
model_take(struct policy *policy, enum model_kind kind, const char *name, char *text,
    size_t len, struct report *report)
{
	const char *kept = model_keep_name(policy, name);
	int err = -ENOMEM;

	if (kept == NULL)
		goto out;
	switch (kind) {
	case MODEL_SETTINGS:
		policy->has_settings = true;
		err = settings_parse(kept, text, len, report, &policy->settings);
		break;
	case MODEL_VMS:
		policy->has_vms = true;
		err = vms_parse(&policy->vms, kept, text, len, report);
		break;
	case MODEL_GRANTS:
		err = grants_parse(&policy->grants, kept, text, len, report);
		break;
	case MODEL_KEYS:
		return keys_parse_take(&policy->keys, kept, text, len, report);
	}
out:
	free(text);
	return err;
}

int
model_check_vms(struct policy *policy, struct report *report)
{
	return vms_check(&policy->vms, policy->has_settings ? &policy->settings : NULL, report);
}

int
model_check(struct policy *policy, struct report *report)
{
	int err = model_check_vms(policy, report);

	/* Without the VMs every line would be wrong, and none of them at fault. */
	if (err == 0 && policy->has_vms)
		err = grants_check(&policy->grants, &policy->vms, report);
	return err;
}

int
model_note_file(struct policy *policy, const char *path, long long mtime_ns)
{
	struct policy_file *grown =
	    array_grow(policy->files, policy->file_count, sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	policy->files = grown;
	grown[policy->file_count].mtime_ns = mtime_ns;
	grown[policy->file_count].path = strdup(path);
	if (grown[policy->file_count].path == NULL)
		return -ENOMEM;
	policy->file_count++;
	return 0;
}
