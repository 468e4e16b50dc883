/* Policies made from texts, for the tests of policy/. */
#ifndef SALLYPORT_TESTS_SUPPORT_POLICY_BUILD_H
#define SALLYPORT_TESTS_SUPPORT_POLICY_BUILD_H

#include "policy/decide.h"
#include "policy/model.h"
#include "policy/source.h"
#include "tests/support/policy_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct policy_texts {
	const char *settings, *vms, *grants, *keys; /* NULL: left out */
};

static inline int
policy_take(struct policy *policy, enum model_kind kind, const char *name, const char *text,
    struct report *report)
{
	char *copy = text != NULL ? strdup(text) : NULL;
	if (copy == NULL)
		return 0;
	source_check(name, copy, strlen(copy), kind == MODEL_KEYS, report);
	return model_take(policy, kind, name, copy, strlen(text), report);
}

/* The policy, errors or not; the caller frees it and the report. */
static inline struct policy *
policy_build(const struct policy_texts *texts, struct report *report)
{
	struct policy *policy = model_new();

	*report = (struct report){0};
	if (policy == NULL ||
	    policy_take(policy, MODEL_SETTINGS, "sallyport.conf", texts->settings, report) != 0 ||
	    policy_take(policy, MODEL_VMS, "vms.conf", texts->vms, report) != 0 ||
	    policy_take(policy, MODEL_GRANTS, "vm_mappings", texts->grants, report) != 0 ||
	    policy_take(policy, MODEL_KEYS, "yubikey_mappings", texts->keys, report) != 0 ||
	    model_check(policy, report) != 0)
		abort();
	return policy;
}

/* Good lines of vm_mappings over POLICY_VMS. */
static inline struct policy *
policy_of_grants(const char *grants)
{
	const struct policy_texts texts = {POLICY_SETTINGS, POLICY_VMS, grants, NULL};
	struct report report;
	struct policy *policy = policy_build(&texts, &report);

	if (report.errors > 0 && fprintf(stderr, "%s\n", report.text) > 0)
		abort();
	report_free(&report);
	return policy;
}

#endif
