/* check: all that is wrong, in one run. */
#include "cli/answer.h"
#include "cli/configured.h"
#include "cli/key_files.h"
#include "cli/pam_file.h"
#include "cli/pam_services.h"
#include "cli/permit.h"
#include "cli/sshd_config.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "policy/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
check_pam(const struct policy *policy, struct report *report)
{
	const struct settings *settings = policy_settings(policy);
	char *text;

	if (settings->otp != SETTINGS_OTP_PAM)
		return;
	if (configured_pam_file(&text) != 0)
		report_error(report, PAM_FILE_PATH, 0, NULL, "cannot be read");
	else if (text == NULL)
		report_warning(report, PAM_FILE_PATH, 0, NULL,
		    "is not there: no gated user can use a VM (sallyport print pam)");
	else
		pam_file_check(text, settings, report);
	free(text);
}

static void
check_permits(const struct policy *policy, struct report *report)
{
	struct permits permits;
	int err = permit_find(policy, time(NULL), &permits);

	if (err < 0)
		report_error(report, "vm_mappings", 0, NULL,
		    "the users cannot be looked up: %s", strerror(-err));
	for (size_t i = 0; err == 0 && i < permits.count; i++) {
		const struct permit *p = &permits.list[i];
		if (p->entries > PERMIT_MAX)
			report_error(report, "vm_mappings", 0, p->user,
			    "%zu endpoints; sshd's PermitOpen must not have over %d",
			    p->entries, PERMIT_MAX);
		if (!sshd_config_takes_name(p->user))
			report_error(report, "vm_mappings", 0, p->user,
			    "sshd_config cannot name this user");
	}
	permit_free(&permits);
}

static int
put_line(struct rows *rows, const char *line, size_t len)
{
	char *copy = strndup(line, len);
	struct rows_row *row = rows_add(rows);
	int err = copy != NULL && row != NULL ? rows_put(row, "message", copy) : -ENOMEM;

	free(copy);
	return err;
}

static int
print(const struct cli *cli, const struct report *report)
{
	const char *at = report->text != NULL ? report->text : "";
	struct rows rows = {0};
	int status = CLI_OK;

	while (*at != '\0' && status == CLI_OK) {
		size_t len = strcspn(at, "\n");
		if (put_line(&rows, at, len) < 0)
			status = cli_fail(CLI_SOFTWARE, "out of memory");
		at += len + (at[len] == '\n');
	}
	if (status == CLI_OK)
		status = answer_rows(cli, &rows, table_print_values);
	if (status == CLI_OK && !cli_has(cli, CLI_JSON))
		fprintf(
		    cli->out, "%zu errors, %zu warnings\n", report->errors, report->warnings);
	rows_free(&rows);
	if (status != CLI_OK)
		return status;
	return report->errors > 0 ? CLI_CONFIG : CLI_OK;
}

int
verb_check(struct cli *cli)
{
	const char *path = cli->word_count > 0 ? cli->words[0] : cli->conf_path;
	struct report report = {0};
	struct policy *policy = NULL;
	int status, err = policy_load(path, &report, &policy);

	if (err == 0) {
		check_pam(policy, &report);
		check_permits(policy, &report);
		key_files_check(path, policy_settings(policy), &report);
		err = pam_services_check("/etc/pam.d", policy_settings(policy), &report);
	}
	if (err < 0 && report.errors == 0)
		status = cli_fail(CLI_CONFIG, "%s: %s", path, strerror(-err));
	else
		status = print(cli, &report);
	policy_free(policy);
	report_free(&report);
	return status;
}
