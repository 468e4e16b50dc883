/* What a struct policy is made of, for the files of this folder and their tests;
 * and how it is built from texts in memory. */
#ifndef SALLYPORT_POLICY_MODEL_H
#define SALLYPORT_POLICY_MODEL_H

#include "policy/grants.h"
#include "policy/keys.h"
#include "policy/policy.h"
#include "policy/settings.h"
#include "policy/vms.h"

#include <stdbool.h>

struct policy {
	struct settings settings;
	struct vms vms;
	struct grants grants;
	struct keys keys;
	char **names; /* of files, which grants and VMs point to */
	size_t name_count;
	struct policy_file *files;
	size_t file_count;
	bool has_settings; /* they were read, even if with errors */
	bool has_vms;
};

enum model_kind {
	MODEL_SETTINGS,
	MODEL_VMS,
	MODEL_GRANTS,
	MODEL_KEYS,
};

/* An empty policy; NULL when there is no memory. */
struct policy *model_new(void);
/* Adds a file's text[len], NUL-terminated, which it takes. Settings and keys at most
 * once. What is wrong is said in report. 0, -ENOMEM. */
int model_take(struct policy *policy, enum model_kind kind, const char *name, char *text,
    size_t len, struct report *report);
/* A copy of a file's name that lives as long as the policy; NULL without memory. */
const char *model_keep_name(struct policy *policy, const char *name);
/* After the last file: what only all together show; first of the VMs alone. 0, -ENOMEM. */
int model_check_vms(struct policy *policy, struct report *report);
int model_check(struct policy *policy, struct report *report);
/* Adds to policy_file's list. 0, -ENOMEM. */
int model_note_file(struct policy *policy, const char *path, long long mtime_ns);

#endif
