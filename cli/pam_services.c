/* The folder, file by file. */
#include "cli/pam_services.h"

#include "cli/pam_stack.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MODULE "pam_sallyport.so"

static bool
is_listed(const struct settings *settings, const char *service)
{
	for (size_t i = 0; i < settings->service_count; i++)
		if (strcmp(settings->services[i], service) == 0)
			return true;
	return false;
}

/* Names that libpam takes for services. sshd is looked at by pam_file.c; what others
 * include is no service of its own. */
static bool
is_other_service(const char *folder, const char *name)
{
	static const char common[] = "common-";
	char path[PATH_MAX];
	struct stat st;

	if (name[0] == '.' || strcmp(name, "sshd") == 0 ||
	    strncmp(name, common, strlen(common)) == 0 ||
	    snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return false;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The first of our lines in any phase; NULL when there is none. */
static const struct pam_rule *
find_ours(const struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (strcmp(stack->rules[i].module, MODULE) == 0)
			return &stack->rules[i];
	return NULL;
}

static void
judge_unlisted(const char *folder, const char *service, const struct pam_stack *stack,
    struct report *report)
{
	const struct pam_rule *rule = find_ours(stack);
	char path[PATH_MAX];

	if (rule == NULL ||
	    snprintf(path, sizeof(path), "%s%s%s", *rule->file == '/' ? "" : folder,
		*rule->file == '/' ? "" : "/", rule->file) >= (int)sizeof(path))
		return;
	report_error(report, path, rule->line, pam_stack_phase(rule->phase),
	    MODULE " stands here, but %s is not among services in sallyport.conf: gated users "
		   "are refused there",
	    service);
}

static void
judge_listed(const char *folder, const char *service, const struct pam_stack *stack,
    struct report *report)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, service) >= (int)sizeof(path))
		return;
	if (stack->broken != NULL)
		report_error(report, path, 0, NULL, "%s", stack->broken);
	else if (pam_stack_find(stack, PAM_AUTH, MODULE) == stack->count)
		report_warning(report, path, 0, "auth",
		    MODULE " is missing, but %s is among services in sallyport.conf: no OTP "
			   "is asked there",
		    service);
}

static int
check_service(const char *folder, const char *service, const struct settings *settings,
    struct report *report)
{
	struct pam_stack stack;
	int err =
	    pam_stack_read(&stack, service, pam_stack_from_folder, (void *)(uintptr_t)folder);

	if (err == 0 && is_listed(settings, service))
		judge_listed(folder, service, &stack, report);
	else if (err == 0)
		judge_unlisted(folder, service, &stack, report);
	pam_stack_free(&stack);
	return err;
}

/* Those that are listed and have no file. */
static void
check_absent(const char *folder, const struct settings *settings, struct report *report)
{
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < settings->service_count; i++)
		if (snprintf(path, sizeof(path), "%s/%s", folder, settings->services[i]) <
			(int)sizeof(path) &&
		    stat(path, &st) < 0 && errno == ENOENT)
			report_warning(report, path, 0, NULL,
			    "is not there, but %s is among services in sallyport.conf",
			    settings->services[i]);
}

int
pam_services_check(const char *folder, const struct settings *settings, struct report *report)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, NULL, alphasort), err = 0;

	if (n < 0 && errno == ENOMEM)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		if (err == 0 && is_other_service(folder, names[i]->d_name))
			err = check_service(folder, names[i]->d_name, settings, report);
		free(names[i]);
	}
	free(names);
	check_absent(folder, settings, report);
	return err;
}
