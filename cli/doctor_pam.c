/* PAM's files as they are: is the module asked, can it be passed by, does it agree
 * with sallyport.conf. */
#include "cli/doctor.h"

#include "cli/pam_file.h"
#include "cli/pam_stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "/etc/pam.d"
#define MODULE "pam_sallyport.so"

/* Services that may hold the module; sshd must. */
static const char *const services[] = {"sshd", "sudo", "sudo-i", "su", "su-l", "login"};
#define SERVICES (sizeof(services) / sizeof(services[0]))

/* Services of daemons that let people in over the network. */
static const char *const daemons[] = {"cockpit", "dovecot", "ftp", "imap", "pop3", "proftpd",
    "pure-ftpd", "qemu", "remote", "rlogin", "rsh", "samba", "smtp", "telnet", "vsftpd",
    "webmin", "xrdp-sesman"};

struct doctor_pam {
	struct pam_stack stacks[SERVICES];
	bool has[SERVICES]; /* there is such a file */
};

static void
edit(struct finding *finding, const char *service, const struct pam_rule *rule)
{
	char path[300];

	if (rule != NULL)
		snprintf(path, sizeof(path), "%s%s", *rule->file == '/' ? "" : FOLDER "/",
		    rule->file);
	else
		snprintf(path, sizeof(path), FOLDER "/%s", service);
	finding_at(finding, path, rule != NULL ? rule->line : 0);
}

/* sshd's own file can be written by us; what it includes is shared with others. */
static void
mend(struct finding *finding, const char *service, const struct pam_rule *rule)
{
	edit(finding, service, rule);
	if (strcmp(service, "sshd") == 0 && (rule == NULL || strcmp(rule->file, "sshd") == 0))
		finding_command(finding, "sallyport print pam >/etc/pam.d/.sshd.new && "
					 "mv /etc/pam.d/.sshd.new /etc/pam.d/sshd");
	else
		finding_mend(finding, "see pam_sallyport(8), sallyport print pam");
}

static void
check_missing(struct doctor *doctor, const struct doctor_check *check, enum pam_phase phase)
{
	const struct doctor_pam *own = doctor->group;
	const struct pam_stack *stack = &own->stacks[0];
	struct finding *finding;

	if (!own->has[0] || stack->broken != NULL)
		return; /* found by another check */
	if (phase == PAM_AUTH && doctor->settings->otp != SETTINGS_OTP_PAM)
		return;
	if (pam_stack_find(stack, phase, MODULE) < stack->count)
		return;
	finding = doctor_find(doctor, check, "no %s line with " MODULE, pam_stack_phase(phase));
	mend(finding, "sshd", NULL);
}

static void
check_auth(struct doctor *doctor, const struct doctor_check *check)
{
	check_missing(doctor, check, PAM_AUTH);
}

static void
check_account(struct doctor *doctor, const struct doctor_check *check)
{
	check_missing(doctor, check, PAM_ACCOUNT);
}

static void
check_session(struct doctor *doctor, const struct doctor_check *check)
{
	check_missing(doctor, check, PAM_SESSION);
}

typedef void
visit(struct doctor *doctor, const struct doctor_check *check, const char *service,
    const struct pam_stack *stack, size_t rule);

/* Calls for each line of ours in each service. */
static void
each_own(struct doctor *doctor, const struct doctor_check *check, visit *call)
{
	const struct doctor_pam *own = doctor->group;

	for (size_t s = 0; s < SERVICES; s++)
		for (size_t i = 0; i < own->stacks[s].count; i++)
			if (strcmp(own->stacks[s].rules[i].module, MODULE) == 0)
				call(doctor, check, services[s], &own->stacks[s], i);
}

static void
visit_control(struct doctor *doctor, const struct doctor_check *check, const char *service,
    const struct pam_stack *stack, size_t i)
{
	const struct pam_rule *rule = &stack->rules[i];
	struct finding *finding;

	if (!pam_stack_is_weak(rule))
		return;
	finding = doctor_find(doctor, check, "%s: %s%s [%s] lets a refusal pass", service,
	    rule->may_lack ? "-" : "", pam_stack_phase(rule->phase), rule->control);
	mend(finding, service, rule);
}

static void
check_control(struct doctor *doctor, const struct doctor_check *check)
{
	each_own(doctor, check, visit_control);
}

/* Who is not gated gets PAM_IGNORE, and must not fail by it. */
static void
visit_ignore(struct doctor *doctor, const struct doctor_check *check, const char *service,
    const struct pam_stack *stack, size_t i)
{
	const struct pam_rule *rule = &stack->rules[i];
	struct finding *finding;
	char action[8];

	pam_stack_action(rule->control, "ignore", action);
	if (strcmp(action, "ignore") == 0)
		return;
	finding = doctor_find(doctor, check, "%s: %s [%s] does not say ignore=ignore", service,
	    pam_stack_phase(rule->phase), rule->control);
	mend(finding, service, rule);
}

static void
check_ignore(struct doctor *doctor, const struct doctor_check *check)
{
	each_own(doctor, check, visit_ignore);
}

static void
visit_order(struct doctor *doctor, const struct doctor_check *check, const char *service,
    const struct pam_stack *stack, size_t i)
{
	size_t by = pam_stack_bypass(stack, i);
	const struct pam_rule *rule = &stack->rules[by];
	struct finding *finding;

	if (by == i)
		return;
	finding = doctor_find(doctor, check, "%s: %s [%s] %s can end or skip it before %s",
	    service, pam_stack_phase(rule->phase), rule->control, rule->module, MODULE);
	edit(finding, service, rule);
	if (strcmp(rule->file, service) == 0)
		finding_command(
		    finding, "sed -i '%zus/^/#/' " FOLDER "/%s", rule->line, service);
	else
		finding_mend(finding, "put the line of " MODULE " before the @include of %s",
		    rule->file);
}

static void
check_order(struct doctor *doctor, const struct doctor_check *check)
{
	each_own(doctor, check, visit_order);
}

static void
visit_arguments(struct doctor *doctor, const struct doctor_check *check, const char *service,
    const struct pam_stack *stack, size_t i)
{
	const struct pam_rule *rule = &stack->rules[i];
	struct report report = {0};
	struct finding *finding;

	pam_file_check_arguments(pam_stack_phase(rule->phase), rule->arguments, rule->line,
	    doctor->settings, &report);
	if (report.errors > 0) {
		const char *text = report.text != NULL ? report.text : "";
		const char *reason = strstr(text, ": ");
		finding = doctor_find(doctor, check, "%s: %.*s", service,
		    (int)strcspn(reason != NULL ? reason + 2 : text, "\n"),
		    reason != NULL ? reason + 2 : text);
		mend(finding, service, rule);
	}
	report_free(&report);
}

static void
check_arguments(struct doctor *doctor, const struct doctor_check *check)
{
	each_own(doctor, check, visit_arguments);
}

static bool
reads_users_file(const struct pam_rule *rule)
{
	const char *at = strstr(rule->arguments, "user_readenv");

	return strcmp(rule->module, "pam_env.so") == 0 && at != NULL &&
	       strncmp(at, "user_readenv=0", 14) != 0;
}

static void
check_readenv(struct doctor *doctor, const struct doctor_check *check)
{
	const struct doctor_pam *own = doctor->group;
	const struct pam_stack *stack = &own->stacks[0];

	for (size_t i = 0; i < stack->count; i++) {
		struct finding *finding;
		if (!reads_users_file(&stack->rules[i]))
			continue;
		finding = doctor_find(doctor, check, "pam_env.so reads ~/.pam_environment");
		mend(finding, "sshd", &stack->rules[i]);
		if (finding != NULL && finding->is_command)
			return;
	}
}

static void
check_broken(struct doctor *doctor, const struct doctor_check *check)
{
	const struct doctor_pam *own = doctor->group;

	for (size_t s = 0; s < SERVICES; s++) {
		struct finding *finding;
		if (!own->has[s] || own->stacks[s].broken == NULL)
			continue;
		finding =
		    doctor_find(doctor, check, "%s: %s", services[s], own->stacks[s].broken);
		edit(finding, services[s], NULL);
		finding_mend(finding, "correct that line, or the file that it includes");
	}
}

static void
check_file(struct doctor *doctor, const struct doctor_check *check)
{
	const struct doctor_pam *own = doctor->group;
	struct finding *finding;

	if (own->has[0])
		return;
	finding = doctor_find(doctor, check, PAM_FILE_PATH " is not there");
	mend(finding, "sshd", NULL);
}

static void
check_module(struct doctor *doctor, const struct doctor_check *check)
{
	struct finding *finding;

	if (access(PAMDIR "/" MODULE, R_OK) == 0)
		return;
	finding = doctor_find(doctor, check, PAMDIR "/" MODULE " is not there");
	finding_at(finding, PAMDIR, 0);
	finding_mend(finding, "install Sallyport again");
}

static bool
exists(const char *service)
{
	char path[300];

	snprintf(path, sizeof(path), FOLDER "/%s", service);
	return access(path, F_OK) == 0;
}

static void
check_daemons(struct doctor *doctor, const struct doctor_check *check)
{
	char folder[] = FOLDER;

	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++) {
		struct pam_stack stack;
		struct finding *finding;
		if (!exists(daemons[i]))
			continue;
		if (pam_stack_read(&stack, daemons[i], pam_stack_from_folder, folder) < 0)
			doctor->findings.failed = true;
		else if (pam_stack_find(&stack, PAM_AUTH, MODULE) == stack.count) {
			finding = doctor_find(doctor, check,
			    "the service %s authenticates without " MODULE, daemons[i]);
			edit(finding, daemons[i], NULL);
			finding_mend(finding,
			    "keep gated users out of it, or put the module in: "
			    "auth required " MODULE " group=%s",
			    doctor->settings->gated);
		}
		pam_stack_free(&stack);
	}
}

/* QEMU's own port with SASL: it knows no VM, and saslauthd's cache takes OTPs twice. */
static void
check_sasl(struct doctor *doctor, const struct doctor_check *check)
{
	static const char *const files[] = {"/etc/sasl2/qemu.conf", "/etc/sasl2/libvirt.conf"};
	char none[] = "";

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = pam_stack_from_folder(none, files[i]), *rest = text, *line;
		while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
			struct finding *finding;
			line += strspn(line, " \t");
			if (strncmp(line, "pwcheck_method", 14) != 0 ||
			    strstr(line, "saslauthd") == NULL)
				continue;
			finding = doctor_find(doctor, check, "%s: %s", files[i], line);
			finding_at(finding, files[i], 0);
			finding_mend(finding,
			    "have QEMU listen on a Unix socket, and name it in "
			    "vms.conf; then turn its SASL off");
			break;
		}
		free(text);
	}
}

static const struct doctor_check checks[] = {
    DOCTOR_CHECK("pam-file", FINDING_LOCKOUT, check_file,
	"sshd then uses the service \"other\", which refuses everybody."),
    DOCTOR_CHECK("pam-module", FINDING_LOCKOUT, check_module,
	"PAM refuses every login whose file names a module that is not there."),
    DOCTOR_CHECK("pam-broken", FINDING_LOCKOUT, check_broken,
	"PAM refuses every login of a service whose file it cannot read."),
    DOCTOR_CHECK("pam-auth", FINDING_LOCKOUT, check_auth,
	"Nobody asks for the OTP: gated users are asked for a password, and do not get in."),
    DOCTOR_CHECK("pam-account", FINDING_HOLE, check_account,
	"A login by public key alone is not refused here."),
    DOCTOR_CHECK("pam-session", FINDING_HOLE, check_session,
	"The connection is not registered: no VM is reached, and sshd keeps a session open "
	"that had no OTP."),
    DOCTOR_CHECK("pam-control", FINDING_HOLE, check_control,
	"The module says no, and PAM goes on as if it had not."),
    DOCTOR_CHECK("pam-ignore", FINDING_LOCKOUT, check_ignore,
	"Who is not gated is answered PAM_IGNORE, and fails by it."),
    DOCTOR_CHECK("pam-order", FINDING_HOLE, check_order,
	"What comes before can let a gated user in before the module is asked."),
    DOCTOR_CHECK("pam-arguments", FINDING_HOLE, check_arguments,
	"The module gates others than sallyport.conf says."),
    DOCTOR_CHECK("pam-readenv", FINDING_HOLE, check_readenv,
	"A user's own LD_PRELOAD gets into what sshd starts for him."),
    DOCTOR_CHECK("pam-daemons", FINDING_WARNING, check_daemons,
	"A gated user may get in through that daemon without an OTP."),
    DOCTOR_CHECK("pam-sasl", FINDING_WARNING, check_sasl,
	"SASL on a console's own port knows no VM, and its cache takes an OTP twice."),
    DOCTOR_CHECKS_END};

static bool
begin(struct doctor *doctor)
{
	struct doctor_pam *own = calloc(1, sizeof(*own));
	char folder[] = FOLDER;

	doctor->group = own;
	for (size_t i = 0; own != NULL && i < SERVICES; i++) {
		own->has[i] = exists(services[i]);
		if (own->has[i] && pam_stack_read(&own->stacks[i], services[i],
				       pam_stack_from_folder, folder) < 0)
			doctor->findings.failed = true;
	}
	doctor->findings.failed |= own == NULL;
	return own != NULL;
}

static void
end(struct doctor *doctor)
{
	struct doctor_pam *own = doctor->group;

	for (size_t i = 0; own != NULL && i < SERVICES; i++)
		pam_stack_free(&own->stacks[i]);
	free(own);
	doctor->group = NULL;
}

const struct doctor_group doctor_pam = {
    .name = "pam", .checks = checks, .needs_policy = true, .begin = begin, .end = end};
