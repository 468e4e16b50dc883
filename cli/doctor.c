/* doctor: runs the groups of checks, and says what they found. */
#include "cli/doctor.h"

#include "cli/answer.h"
#include "cli/printable.h"
#include "cli/table.h"
#include "cli/verb.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* For monitoring: its own, and no other verb's. */
enum doctor_exit {
	DOCTOR_CLEAN = 0,
	DOCTOR_WARNINGS = 1,
	DOCTOR_BAD = 2,   /* holes or lockouts */
	DOCTOR_BLIND = 3, /* something could not be looked at */
};

static const struct doctor_group *const groups[] = {&doctor_config, &doctor_accounts,
    &doctor_sshd, &doctor_pam, &doctor_files, &doctor_listen, &doctor_gate, &doctor_host};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

struct finding *
doctor_find(struct doctor *doctor, const struct doctor_check *check, const char *format, ...)
{
	struct finding *finding;
	char *what = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		what = NULL;
	va_end(args);
	finding = findings_take(&doctor->findings, check->id, what);
	if (finding != NULL) {
		finding->severity = check->severity;
		finding->meaning = check->meaning;
	}
	return finding;
}

void
doctor_blind(struct doctor *doctor, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	doctor->blind++;
	(void)cli_fail(CLI_UNAVAILABLE, "could not look: %s", text);
}

const char *
doctor_reload_sshd(void)
{
	return access("/run/systemd/system", F_OK) == 0
		   ? "sshd -t && systemctl reload ssh"
		   : "sshd -t && kill -HUP \"$(cat /run/sshd.pid)\"";
}

static void
run_group(struct doctor *doctor, const struct doctor_group *group)
{
	if (group->needs_policy && doctor->policy == NULL)
		return;
	doctor->group = NULL;
	if (group->begin == NULL || group->begin(doctor))
		for (const struct doctor_check *c = group->checks; c->id != NULL; c++)
			if (c->run != NULL)
				c->run(doctor, c);
	if (group->end != NULL)
		group->end(doctor);
}

/* --- saying it ----------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;

	return x->severity != y->severity ? (x->severity < y->severity ? 1 : -1)
					  : strcmp(x->id, y->id);
}

static int
put_row(struct rows *rows, const struct finding *f)
{
	struct rows_row *row = rows_add(rows);
	const struct {
		const char *key, *value;
	} pairs[] = {{"severity", finding_severity_name(f->severity)}, {"id", f->id},
	    {"what", f->what}, {"where", f->where}, {"users", f->users}, {"danger", f->meaning},
	    {"mend", f->mend},
	    {"mend_is", f->mend == NULL ? NULL
			: f->is_command ? "command"
					: "words"}};
	int err = row != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; err == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		err = rows_put(row, pairs[i].key, pairs[i].value != NULL ? pairs[i].value : "");
	return err;
}

static void
put_part(FILE *out, const char *before, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	fprintf(out, "         %s", before);
	(void)printable_put(out, text);
	fputc('\n', out);
}

static void
print_finding(FILE *out, const struct finding *f)
{
	fprintf(out, "%-8s %s: ", finding_severity_name(f->severity), f->id);
	(void)printable_put(out, f->what);
	fputc('\n', out);
	put_part(out, "at ", f->where);
	put_part(out, "for ", f->users);
	put_part(out, "", f->meaning);
	put_part(out, f->is_command ? "# " : "mend: ", f->mend);
}

static int
print(const struct doctor *doctor, size_t counts[FINDING_SEVERITIES])
{
	const struct findings *findings = &doctor->findings;
	struct rows rows = {0};
	int status = CLI_OK;

	for (size_t i = 0; status == CLI_OK && i < findings->count; i++) {
		const struct finding *f = findings->list[i];
		counts[f->severity]++;
		if (!cli_has(doctor->cli, CLI_JSON))
			print_finding(doctor->cli->out, f);
		else if (put_row(&rows, f) < 0)
			status = cli_fail(CLI_SOFTWARE, "out of memory");
	}
	if (status == CLI_OK && cli_has(doctor->cli, CLI_JSON))
		status = answer_rows(doctor->cli, &rows, NULL);
	else if (status == CLI_OK)
		fprintf(doctor->cli->out, "%zu holes, %zu lockouts, %zu warnings, %zu notes\n",
		    counts[FINDING_HOLE], counts[FINDING_LOCKOUT], counts[FINDING_WARNING],
		    counts[FINDING_NOTE]);
	rows_free(&rows);
	return status;
}

static int
say(const struct doctor *doctor)
{
	const struct findings *findings = &doctor->findings;
	size_t counts[FINDING_SEVERITIES] = {0};
	int status;

	if (findings->failed)
		return cli_fail(CLI_SOFTWARE, "out of memory");
	if (findings->count > 0)
		qsort(findings->list, findings->count, sizeof(struct finding *), compare);
	status = print(doctor, counts);
	if (status != CLI_OK)
		return status;
	if (counts[FINDING_HOLE] + counts[FINDING_LOCKOUT] > 0)
		return DOCTOR_BAD;
	if (doctor->blind > 0)
		return DOCTOR_BLIND;
	return counts[FINDING_WARNING] > 0 ? DOCTOR_WARNINGS : DOCTOR_CLEAN;
}

static int
list_checks(const struct cli *cli)
{
	struct rows rows = {0};
	int err = 0, status;

	for (size_t i = 0; i < GROUPS; i++)
		for (const struct doctor_check *c = groups[i]->checks;
		     err == 0 && c->id != NULL; c++) {
			struct rows_row *row = rows_add(&rows);
			err = row != NULL ? rows_put(row, "id", c->id) : -ENOMEM;
			if (err == 0)
				err = rows_put(
				    row, "severity", finding_severity_name(c->severity));
			if (err == 0)
				err = rows_put(row, "group", groups[i]->name);
			if (err == 0)
				err = rows_put(row, "meaning", c->meaning);
		}
	status = err == 0 ? answer_rows(cli, &rows, table_print)
			  : cli_fail(CLI_SOFTWARE, "out of memory");
	rows_free(&rows);
	return status;
}

static void
find_accounts(struct doctor *doctor, struct accounts *accounts)
{
	int err = accounts_find(
	    doctor->policy, doctor->cli->users, doctor->cli->user_count, accounts);

	if (err == 0)
		doctor->accounts = accounts;
	else if (err == -ETIMEDOUT)
		doctor_blind(doctor, "users and groups: the name service does not answer");
	else
		doctor_blind(doctor, "users and groups: %s", strerror(-err));
}

int
verb_doctor(struct cli *cli)
{
	struct doctor doctor = {.cli = cli};
	struct accounts accounts = {0};
	struct report report = {0};
	struct policy *policy = NULL;
	int status;

	if (cli_has(cli, CLI_LIST))
		return list_checks(cli);
	if (policy_load(cli->conf_path, &report, &policy) == 0) {
		doctor.policy = policy;
		doctor.settings = policy_settings(policy);
		find_accounts(&doctor, &accounts);
	}
	doctor.report = &report;
	for (size_t i = 0; i < GROUPS; i++)
		run_group(&doctor, groups[i]);
	status = say(&doctor);
	findings_free(&doctor.findings);
	accounts_free(&accounts);
	policy_free(policy);
	report_free(&report);
	return status;
}
