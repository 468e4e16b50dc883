/* The configuration as a whole, and the people in it. */
#include "cli/doctor.h"

#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHELL_PATH  "/usr/bin/sallyport-shell"
#define MAPPINGS    SYSCONFDIR "/sallyport/vm_mappings"
#define KEYS        SYSCONFDIR "/sallyport/yubikey_mappings"
#define TEXT_MAX    (16u << 20)
#define COMMAND_MAX 1200

/* --- the files ------------------------------------------------------------------------ */

static void
check_config(struct doctor *doctor, const struct doctor_check *check)
{
	const char *text = doctor->report->text != NULL ? doctor->report->text : "";
	struct finding *finding;

	if (doctor->policy != NULL)
		return;
	finding = doctor_find(doctor, check, "%zu errors; the first: %.*s",
	    doctor->report->errors, (int)strcspn(text, "\n"), text);
	finding_at(finding, doctor->cli->conf_path, 0);
	finding_mend(finding, "correct what `sallyport check` names");
}

static void
check_config_warnings(struct doctor *doctor, const struct doctor_check *check)
{
	const char *text = doctor->report->text;

	if (doctor->policy == NULL || text == NULL)
		return;
	for (size_t len; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		finding_mend(doctor_find(doctor, check, "%.*s", (int)len, text),
		    "see `sallyport check`");
	}
}

static const struct doctor_check config_checks[] = {
    DOCTOR_CHECK("config", FINDING_LOCKOUT, check_config,
	"The daemon will not load these files, and not start with them. Checks that need them "
	"were left out."),
    DOCTOR_CHECK("config-warning", FINDING_WARNING, check_config_warnings,
	"The files are taken, but hardly as meant."),
    DOCTOR_CHECKS_END};

const struct doctor_group doctor_config = {.name = "config", .checks = config_checks};

/* --- the people -------------------------------------------------------------------------- */

static void
check_nss(struct doctor *doctor, const struct doctor_check *check)
{
	struct finding *finding;

	if (doctor->accounts != NULL)
		return;
	finding = doctor_find(doctor, check, "users and groups cannot be read");
	finding_at(finding, "/etc/nsswitch.conf", 0);
	finding_mend(finding, "put the directory service in order, or take it out there");
}

static void
check_group(struct doctor *doctor, const struct doctor_check *check)
{
	struct finding *finding;
	char word[COMMAND_MAX];

	if (doctor->accounts == NULL || doctor->accounts->has_group)
		return;
	finding =
	    doctor_find(doctor, check, "the group %s does not exist", doctor->settings->gated);
	finding_at(finding, doctor->cli->conf_path, 0);
	finding_command(
	    finding, "groupadd %s", finding_quote(word, sizeof(word), doctor->settings->gated));
}

static void
check_empty(struct doctor *doctor, const struct doctor_check *check)
{
	struct finding *finding;

	if (doctor->accounts == NULL || !doctor->accounts->has_group)
		return;
	for (size_t i = 0; i < doctor->accounts->count; i++)
		if (doctor->accounts->list[i].is_gated)
			return;
	finding =
	    doctor_find(doctor, check, "nobody is in the group %s", doctor->settings->gated);
	finding_mend(finding, "usermod -aG %s USER", doctor->settings->gated);
}

/* The i-th account if the accounts could be read; NULL at the end. */
static const struct account *
account_at(const struct doctor *doctor, size_t i)
{
	const struct accounts *accounts = doctor->accounts;

	return accounts != NULL && i < accounts->count ? &accounts->list[i] : NULL;
}

static void
leave_group(struct finding *finding, const struct account *account, const char *group)
{
	char user[COMMAND_MAX], name[COMMAND_MAX];

	finding_command(finding, "gpasswd -d %s %s",
	    finding_quote(user, sizeof(user), account->name),
	    finding_quote(name, sizeof(name), group));
}

static void
check_root(struct doctor *doctor, const struct doctor_check *check)
{
	const struct account *a;

	for (size_t i = 0; (a = account_at(doctor, i)) != NULL; i++) {
		struct finding *finding;
		if (!a->is_known || a->uid != 0 || !a->is_gated ||
		    (doctor->settings->gate_root && a->key_count > 0))
			continue;
		finding = doctor_find(doctor, check, "%s is uid 0 and in the group %s", a->name,
		    doctor->settings->gated);
		finding_user(finding, a->name);
		leave_group(finding, a, doctor->settings->gated);
	}
}

static void
check_twin(struct doctor *doctor, const struct doctor_check *check)
{
	const struct account *a;

	for (size_t i = 0; (a = account_at(doctor, i)) != NULL; i++) {
		struct finding *finding;
		if (!a->is_gated || *a->twin == '\0')
			continue;
		finding = doctor_find(
		    doctor, check, "%s and %s both have uid %u", a->name, a->twin, a->uid);
		finding_user(finding, a->name);
		finding_at(finding, "/etc/passwd", 0);
		finding_mend(finding, "give one of them a uid of its own");
	}
}

static bool
is_no_shell(const char *shell)
{
	const char *base = strrchr(shell, '/');

	base = base != NULL ? base + 1 : shell;
	return strcmp(base, "nologin") == 0 || strcmp(base, "false") == 0 ||
	       (*shell != '\0' && access(shell, X_OK) < 0);
}

static void
find_shell(struct doctor *doctor, const struct doctor_check *check, const struct account *a)
{
	struct finding *finding =
	    doctor_find(doctor, check, "the login shell of %s is %s", a->name, a->shell);
	char word[COMMAND_MAX];

	finding_user(finding, a->name);
	finding_command(finding, "usermod -s " SHELL_PATH " %s",
	    finding_quote(word, sizeof(word), a->name));
}

static void
check_shell(struct doctor *doctor, const struct doctor_check *check)
{
	const struct account *a;

	for (size_t i = 0; (a = account_at(doctor, i)) != NULL; i++)
		if (a->is_gated && is_no_shell(a->shell))
			find_shell(doctor, check, a);
}

/* When the shell asks for the OTP, nothing of the user's may run before it. */
static void
check_shell_open(struct doctor *doctor, const struct doctor_check *check)
{
	const struct account *a;

	if (doctor->settings->otp != SETTINGS_OTP_SHELL)
		return;
	for (size_t i = 0; (a = account_at(doctor, i)) != NULL; i++)
		if (a->is_gated && strcmp(a->shell, SHELL_PATH) != 0)
			find_shell(doctor, check, a);
}

static void
check_power(struct doctor *doctor, const struct doctor_check *check)
{
	const struct account *a;

	for (size_t i = 0; (a = account_at(doctor, i)) != NULL; i++) {
		struct finding *finding;
		char group[64];
		if (!a->is_gated || *a->power == '\0')
			continue;
		finding =
		    doctor_find(doctor, check, "%s is in the groups: %s", a->name, a->power);
		finding_user(finding, a->name);
		snprintf(group, sizeof(group), "%.*s", (int)strcspn(a->power, " "), a->power);
		leave_group(finding, a, group);
	}
}

static void
check_nokey(struct doctor *doctor, const struct doctor_check *check)
{
	const struct account *a;

	for (size_t i = 0; (a = account_at(doctor, i)) != NULL; i++) {
		struct finding *finding;
		if (!a->is_gated || a->key_count > 0 || a->uid == 0)
			continue;
		finding = doctor_find(doctor, check, "no YubiKey is mapped to these users");
		finding_user(finding, a->name);
		finding_at(finding, KEYS, 0);
		finding_mend(
		    finding, "a line USER:PUBLICID in " KEYS ", then: sallyport reload");
	}
}

static void
check_ungated(struct doctor *doctor, const struct doctor_check *check)
{
	const struct account *a;
	char user[COMMAND_MAX], group[COMMAND_MAX];

	for (size_t i = 0; (a = account_at(doctor, i)) != NULL; i++) {
		struct finding *finding;
		if (!doctor->accounts->has_group || !a->is_known || a->is_gated ||
		    (!a->is_named && a->key_count == 0) || a->uid == 0)
			continue;
		finding = doctor_find(doctor, check, "%s has %s, and is not in the group %s",
		    a->name, a->is_named ? "grants" : "a YubiKey", doctor->settings->gated);
		finding_user(finding, a->name);
		finding_at(finding, a->is_named ? MAPPINGS : KEYS, 0);
		finding_command(finding, "usermod -aG %s %s",
		    finding_quote(group, sizeof(group), doctor->settings->gated),
		    finding_quote(user, sizeof(user), a->name));
	}
}

static void
check_unknown(struct doctor *doctor, const struct doctor_check *check)
{
	const struct account *a;

	for (size_t i = 0; (a = account_at(doctor, i)) != NULL; i++) {
		struct finding *finding;
		if (a->is_known || (!a->is_named && a->key_count == 0))
			continue;
		finding = doctor_find(
		    doctor, check, "%s is in the files, and no user of this machine", a->name);
		finding_user(finding, a->name);
		finding_at(finding, a->is_named ? MAPPINGS : KEYS, 0);
		finding_mend(finding, "take the lines out, or make the user");
	}
}

static char *
read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = NULL;
	size_t len;

	if (fd < 0 || io_read_all(fd, TEXT_MAX, &text, &len) < 0)
		text = NULL;
	io_close(&fd);
	return text;
}

/* The words behind the name are secrets: only whether the first is empty counts. */
static void
check_password(struct doctor *doctor, const struct doctor_check *check)
{
	char *text = read_text("/etc/shadow"), *rest = text, *line, word[COMMAND_MAX];

	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		size_t len = strcspn(line, ":");
		const struct account *a = NULL;
		struct finding *finding;
		if (line[len] != ':' || line[len + 1] != ':')
			continue;
		line[len] = '\0';
		if (doctor->accounts != NULL)
			a = accounts_get(doctor->accounts, line);
		if (a == NULL || !a->is_gated)
			continue;
		finding = doctor_find(doctor, check, "the password of %s is empty", a->name);
		finding_user(finding, a->name);
		finding_at(finding, "/etc/shadow", 0);
		finding_command(
		    finding, "usermod -p '*' %s", finding_quote(word, sizeof(word), a->name));
	}
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
check_shells(struct doctor *doctor, const struct doctor_check *check)
{
	char *text = read_text("/etc/shells"), *rest = text, *line;
	size_t number = 0;

	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		struct finding *finding;
		number++;
		if (strcmp(line, SHELL_PATH) != 0)
			continue;
		finding = doctor_find(doctor, check, SHELL_PATH " is in /etc/shells");
		finding_at(finding, "/etc/shells", number);
		finding_command(finding, "sed -i '\\|^" SHELL_PATH "$|d' /etc/shells");
	}
	free(text);
}

static const struct doctor_check checks[] = {
    DOCTOR_CHECK("nss", FINDING_LOCKOUT, check_nss,
	"While users and groups cannot be looked up, all but root count as gated, and nobody "
	"reaches a VM."),
    DOCTOR_CHECK("group-missing", FINDING_LOCKOUT, check_group,
	"The module cannot tell who is gated: all but root are refused."),
    DOCTOR_CHECK("group-empty", FINDING_NOTE, check_empty, "Nobody needs an OTP."),
    DOCTOR_CHECK("user-root", FINDING_WARNING, check_root,
	"Root has no way through the gate; with gate_root he needs a YubiKey to log in."),
    DOCTOR_CHECK("user-twin", FINDING_LOCKOUT, check_twin,
	"Nobody can tell two names of one uid apart: both are refused every VM."),
    DOCTOR_CHECK("user-shell", FINDING_LOCKOUT, check_shell,
	"sshd refuses the user, or the shell ends at once."),
    DOCTOR_CHECK("user-shell-open", FINDING_HOLE, check_shell_open,
	"With otp = shell, start-up files of the user's run before the OTP is asked for."),
    DOCTOR_CHECK("user-power", FINDING_HOLE, check_power,
	"These groups reach machines or disks without passing the gate."),
    DOCTOR_CHECK("user-password", FINDING_HOLE, check_password,
	"Anybody can be this user where passwords are asked for."),
    DOCTOR_CHECK("user-nokey", FINDING_WARNING, check_nokey,
	"They cannot log in: nobody's OTP is theirs."),
    DOCTOR_CHECK("user-ungated", FINDING_WARNING, check_ungated,
	"Who is not gated is not asked for an OTP, and reaches no VM."),
    DOCTOR_CHECK("user-unknown", FINDING_WARNING, check_unknown,
	"Whoever is given this name one day has what it says there."),
    DOCTOR_CHECK("shells", FINDING_WARNING, check_shells,
	"chsh and other services would take sallyport-shell for a shell like any other."),
    DOCTOR_CHECKS_END};

const struct doctor_group doctor_accounts = {
    .name = "accounts", .checks = checks, .needs_policy = true};
