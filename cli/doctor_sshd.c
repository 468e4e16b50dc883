/* sshd's effective configuration for gated users, keyword by keyword. */
#include "cli/doctor_sshd.h"

#include "cli/sshd_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct sshd_sample *
doctor_sshd_gated(const struct doctor *doctor, size_t *i)
{
	const struct doctor_sshd *own = doctor->group;

	while (*i < own->samples.count) {
		const struct sshd_sample *sample = &own->samples.list[(*i)++];
		if (sample->account->is_gated && sample->account->uid != 0)
			return sample;
	}
	return NULL;
}

/* Does print sshd write this keyword? Then its default will not do. */
static bool
is_printed(const struct doctor_sshd *own, const char *keyword)
{
	size_t len = strlen(keyword);

	for (const char *at = own->printed; *at != '\0'; at += strspn(at, "\n")) {
		at += strspn(at, " \t");
		if (strncasecmp(at, keyword, len) == 0 && at[len] == ' ')
			return true;
		at += strcspn(at, "\n");
	}
	return false;
}

/* Is the keyword in the files besides this line of them? */
static bool
is_elsewhere(
    const struct sshd_files *files, const char *keyword, const struct sshd_setting *here)
{
	for (size_t i = 0; i < files->setting_count; i++)
		if (&files->settings[i] != here &&
		    strcasecmp(files->settings[i].keyword, keyword) == 0)
			return true;
	return false;
}

/* The line with this value; else, as sshd -T writes some values in another way, the
 * first line of the keyword that is not in our own file. NULL: none. */
static const struct sshd_setting *
find_line(const struct sshd_files *files, const char *keyword, const char *value)
{
	const struct sshd_setting *s = sshd_files_find(files, keyword, value);

	for (size_t i = 0; s == NULL && i < files->setting_count; i++)
		if (strcasecmp(files->settings[i].keyword, keyword) == 0 &&
		    strcmp(files->settings[i].path, SSHD_BLOCK) != 0)
			s = &files->settings[i];
	return s;
}

void
doctor_sshd_point(const struct doctor *doctor, struct finding *finding,
    const struct sshd_sample *sample, const char *keyword, const char *value)
{
	const struct doctor_sshd *own = doctor->group;
	const struct sshd_setting *s = find_line(&own->files, keyword, value);
	char path[1024];

	if (finding == NULL)
		return;
	if (sample != NULL)
		finding_user(finding, sample->label);
	if (s != NULL)
		finding_at(finding, s->path, s->line);
	else
		finding_at(finding, SSHD_CONFIG, 0);
	if (s != NULL && strcmp(s->path, SSHD_BLOCK) != 0 &&
	    (!is_printed(own, keyword) || is_elsewhere(&own->files, keyword, s)))
		finding_command(finding, "sed -i '%zus/^/#/' %s && %s", s->line,
		    finding_quote(path, sizeof(path), s->path), doctor_reload_sshd());
	else if (sshd_files_include(&own->files, SSHD_BLOCK))
		finding_command(finding, "sallyport print sshd >" SSHD_BLOCK " && %s",
		    doctor_reload_sshd());
	else
		finding_mend(finding,
		    "put what `sallyport print sshd` says at the end of " SSHD_CONFIG
		    " in place of what was printed before, then: %s",
		    doctor_reload_sshd());
}

/* Is value one of good, divided by '|'? */
static bool
is_good(const char *good, const char *value)
{
	size_t n = strlen(value), len;

	for (; *good != '\0'; good += good[len] == '|' ? len + 1 : len) {
		len = strcspn(good, "|");
		if (len == n && strncasecmp(good, value, n) == 0)
			return true;
	}
	return false;
}

static void
check_keyword(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		const char *value = sshd_effective_get(&sample->effective, check->keyword);
		struct finding *finding;

		/* Some builds of sshd lack some keywords, and then what they stand for. */
		if (value == NULL || is_good(check->good, value))
			continue;
		finding = doctor_find(doctor, check, "%s is %s", check->keyword, value);
		doctor_sshd_point(doctor, finding, sample, check->keyword, value);
	}
}

/* In the PAM path only. */
static void
check_keyword_pam(struct doctor *doctor, const struct doctor_check *check)
{
	if (doctor->settings->otp == SETTINGS_OTP_PAM)
		check_keyword(doctor, check);
}

#define SHELL "exec /usr/bin/sallyport-shell|/usr/bin/sallyport-shell"

static const struct doctor_check checks[] = {
    DOCTOR_CHECK("sshd-config", FINDING_LOCKOUT, doctor_sshd_parse,
	"sshd does not take its configuration: it will not start again, and nobody gets in."),
    DOCTOR_CHECK("sshd-not-loaded", FINDING_WARNING, doctor_sshd_loaded,
	"The sshd that runs has an older configuration than the files that are looked at "
	"here."),
    DOCTOR_CHECK("sshd-arguments", FINDING_WARNING, doctor_sshd_arguments,
	"The sshd that runs was started with settings that the files do not show."),
    {"sshd-usepam", FINDING_HOLE, check_keyword,
	"Without PAM nobody is asked for an OTP, and no connection is registered.", "usepam",
	"yes"},
    DOCTOR_CHECK("sshd-methods", FINDING_HOLE, doctor_sshd_methods,
	"Gated users log in by other means than their key and then an OTP."),
    {"sshd-pubkey", FINDING_LOCKOUT, check_keyword, "The key cannot be shown: no way in.",
	"pubkeyauthentication", "yes"},
    {"sshd-kbdint", FINDING_LOCKOUT, check_keyword_pam,
	"The OTP cannot be asked for: no way in.", "kbdinteractiveauthentication", "yes"},
    {"sshd-password", FINDING_HOLE, check_keyword,
	"Passwords can be tried; only AuthenticationMethods still asks for the key.",
	"passwordauthentication", "no"},
    {"sshd-empty-password", FINDING_HOLE, check_keyword,
	"An account without a password needs none.", "permitemptypasswords", "no"},
    {"sshd-hostbased", FINDING_HOLE, check_keyword,
	"Another host's word can stand for a user's key.", "hostbasedauthentication", "no"},
    {"sshd-gssapi", FINDING_WARNING, check_keyword,
	"A ticket can stand for a key; only AuthenticationMethods still asks for the key.",
	"gssapiauthentication", "no"},
    {"sshd-kerberos", FINDING_WARNING, check_keyword,
	"A Kerberos password can be tried; only AuthenticationMethods still asks for the key.",
	"kerberosauthentication", "no"},
    {"sshd-forcecommand", FINDING_HOLE, check_keyword,
	"Sessions of gated users are not held by sallyport-shell.", "forcecommand", SHELL},
    {"sshd-tcp-forwarding", FINDING_HOLE, check_keyword,
	"Gated users may open ports on the gateway, and pose as what listens there.",
	"allowtcpforwarding", "local|no"},
    {"sshd-tcp-off", FINDING_LOCKOUT, check_keyword,
	"No gated user reaches a VM's port through ssh -L, -W, -J or -D.", "allowtcpforwarding",
	"local|yes|all"},
    {"sshd-unix-forwarding", FINDING_HOLE, check_keyword,
	"Gated users may have sshd listen on Unix sockets.", "allowstreamlocalforwarding",
	"local|no"},
    {"sshd-unix-off", FINDING_WARNING, check_keyword,
	"No gated user reaches a VM's Unix socket; the ports still work.",
	"allowstreamlocalforwarding", "local|yes|all"},
    {"sshd-forwarding-off", FINDING_LOCKOUT, check_keyword,
	"No gated user reaches any VM by a forward.", "disableforwarding", "no"},
    DOCTOR_CHECK("sshd-permitopen", FINDING_HOLE, doctor_sshd_permitopen,
	"sshd connects gated users to more than the gate: other ports, and sockets of their "
	"own from before the OTP."),
    DOCTOR_CHECK("sshd-permitopen-missing", FINDING_WARNING, doctor_sshd_permitopen_missing,
	"sshd refuses a forward that vm_mappings grants."),
    DOCTOR_CHECK("sshd-permitopen-many", FINDING_WARNING, doctor_sshd_permitopen_many,
	"Each login takes longer with so many entries."),
    DOCTOR_CHECK("sshd-permitopen-limit", FINDING_LOCKOUT, doctor_sshd_permitopen_limit,
	"With over 2,000 entries logins take seconds, and in the end fail."),
    {"sshd-permitlisten", FINDING_HOLE, check_keyword,
	"Gated users may open ports on the gateway, and pose as what listens there.",
	"permitlisten", "none"},
    {"sshd-gatewayports", FINDING_WARNING, check_keyword,
	"Ports that a user opens would be open to the network.", "gatewayports", "no"},
    {"sshd-x11", FINDING_HOLE, check_keyword,
	"sshd runs xauth in the user's home, and listens for him.", "x11forwarding", "no"},
    {"sshd-agent", FINDING_HOLE, check_keyword, "sshd makes a socket to the user's agent.",
	"allowagentforwarding", "no"},
    {"sshd-tunnel", FINDING_HOLE, check_keyword,
	"A tunnel is a network of its own, and no gate sees what goes through.", "permittunnel",
	"no"},
    {"sshd-userrc", FINDING_HOLE, check_keyword, "A program of the user's own is run at login.",
	"permituserrc", "no"},
    {"sshd-userenvironment", FINDING_HOLE, check_keyword,
	"A user's own LD_PRELOAD gets into what sshd starts.", "permituserenvironment", "no"},
    DOCTOR_CHECK("sshd-acceptenv", FINDING_HOLE, doctor_sshd_acceptenv,
	"A variable of the client's, as LD_PRELOAD or ZDOTDIR, gets into what sshd starts."),
    {"sshd-chroot", FINDING_LOCKOUT, check_keyword,
	"sallyport-shell is not in the other root, nor are the gate's sockets.",
	"chrootdirectory", "none"},
    DOCTOR_CHECK("sshd-sftp", FINDING_WARNING, doctor_sshd_sftp,
	"sshd refuses sftp and scp before sallyport-shell is asked."),
    DOCTOR_CHECK("sshd-grace", FINDING_WARNING, doctor_sshd_grace,
	"sshd ends the login while the prompt is still open, or never ends one."),
    DOCTOR_CHECK("sshd-maxstartups", FINDING_WARNING, doctor_sshd_maxstartups,
	"A few people at their prompts are enough for sshd to turn others away."),
    DOCTOR_CHECK("sshd-maxauthtries", FINDING_WARNING, doctor_sshd_tries,
	"A client that shows another key first, or one slip at the prompt, ends the login."),
    DOCTOR_CHECK("sshd-penalties", FINDING_NOTE, doctor_sshd_penalties,
	"Wrong OTPs make sshd refuse a whole address for a while, and all who share it."),
    {"sshd-strictmodes", FINDING_HOLE, check_keyword,
	"Keys are taken from files that others can write.", "strictmodes", "yes"},
    DOCTOR_CHECK("sshd-keysfile", FINDING_HOLE, doctor_sshd_keysfile,
	"Others can put a key of theirs there; with StrictModes the user does not get in."),
    DOCTOR_CHECK("sshd-nokeys", FINDING_LOCKOUT, doctor_sshd_nokeys,
	"Without an SSH key the user does not get as far as the OTP."),
    DOCTOR_CHECK("sshd-keyscommand", FINDING_HOLE, doctor_sshd_keyscommand,
	"Whoever can change that program decides which keys open an account."),
    {"sshd-ca", FINDING_WARNING, check_keyword,
	"Who holds that CA's key can make a first factor for every user.", "trustedusercakeys",
	"none"},
    DOCTOR_CHECK("sshd-filter", FINDING_LOCKOUT, doctor_sshd_filter,
	"sshd refuses the user before PAM is asked."),
    DOCTOR_CHECK("sshd-others", FINDING_LOCKOUT, doctor_sshd_others,
	"What is meant for gated users meets others, who cannot pass it."),
    DOCTOR_CHECK("sshd-no-way-back", FINDING_WARNING, doctor_sshd_way_back,
	"When the daemon is down, nobody gets in by ssh to mend it."),
    DOCTOR_CHECKS_END};

/* What print sshd writes but for users' endpoints. */
static char *
print_block(const struct settings *settings)
{
	const struct permits nobody = {0};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	sshd_config_print(out, settings, &nobody);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* The first of the configured executables that is sshd itself. */
static const char *
sshd_path(const struct settings *settings)
{
	for (size_t i = 0; i < settings->sshd_count; i++) {
		const char *base = strrchr(settings->sshd[i], '/');
		if (base != NULL && strcmp(base, "/sshd") == 0)
			return settings->sshd[i];
	}
	return "/usr/sbin/sshd";
}

static bool
begin(struct doctor *doctor)
{
	struct doctor_sshd *own;
	int err;

	if (doctor->accounts == NULL)
		return false; /* said already */
	own = calloc(1, sizeof(*own));
	doctor->group = own;
	if (own == NULL) {
		doctor->findings.failed = true;
		return false;
	}
	if (!doctor->accounts->has_permits)
		doctor_blind(doctor, "what endpoints each user may reach");
	own->printed = print_block(doctor->settings);
	err = own->printed != NULL ? sshd_files_read(SSHD_CONFIG, &own->files) : -ENOMEM;
	if (err == 0)
		err = sshd_samples_ask(
		    sshd_path(doctor->settings), &own->files, doctor->accounts, &own->samples);
	if (own->samples.unasked > 0)
		doctor_blind(doctor,
		    "%zu of the Match lines with addresses, hosts or ports: too many",
		    own->samples.unasked);
	if (err == -ENOMEM)
		doctor->findings.failed = true;
	else if (err < 0)
		doctor_blind(doctor, "%s -T: %s", sshd_path(doctor->settings), strerror(-err));
	return err == 0;
}

static void
end(struct doctor *doctor)
{
	struct doctor_sshd *own = doctor->group;

	if (own == NULL)
		return;
	sshd_samples_free(&own->samples);
	sshd_files_free(&own->files);
	free(own->printed);
	free(own);
	doctor->group = NULL;
}

const struct doctor_group doctor_sshd = {
    .name = "sshd", .checks = checks, .needs_policy = true, .begin = begin, .end = end};
