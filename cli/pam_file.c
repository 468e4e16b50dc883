/* Lines of a PAM file (pam.conf(5)). */
#include "cli/pam_file.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define MODULE "pam_sallyport.so"

const char pam_file_stock[] =
    "# PAM configuration for the Secure Shell service\n"
    "\n"
    "# Standard Un*x authentication.\n"
    "@include common-auth\n"
    "\n"
    "# Disallow non-root logins when /etc/nologin exists.\n"
    "account    required     pam_nologin.so\n"
    "\n"
    "# Standard Un*x authorization.\n"
    "@include common-account\n"
    "\n"
    "session [success=ok ignore=ignore module_unknown=ignore default=bad]        "
    "pam_selinux.so close\n"
    "session    required     pam_loginuid.so\n"
    "session    optional     pam_keyinit.so force revoke\n"
    "\n"
    "# Standard Un*x session setup and teardown.\n"
    "@include common-session\n"
    "\n"
    "session    optional     pam_motd.so  motd=/run/motd.dynamic\n"
    "session    optional     pam_motd.so noupdate\n"
    "session    optional     pam_mail.so standard noenv # [1]\n"
    "session    required     pam_limits.so\n"
    "session    required     pam_env.so # [1]\n"
    "session    required     pam_env.so user_readenv=1 envfile=/etc/default/locale\n"
    "session [success=ok ignore=ignore module_unknown=ignore default=bad]        "
    "pam_selinux.so open\n"
    "\n"
    "# Standard Un*x password updating.\n"
    "@include common-password\n";

struct span {
	const char *at;
	size_t len;
};

/* The next word of a line; one in brackets is given without them. */
static bool
next_word(const char **rest, const char *end, struct span *word)
{
	const char *at = *rest;

	while (at < end && isblank((unsigned char)*at))
		at++;
	if (at == end || *at == '#')
		return false;
	word->at = at;
	if (*at == '[') {
		const char *close = memchr(at, ']', (size_t)(end - at));
		word->at = at + 1;
		at = close != NULL ? close : end;
		word->len = (size_t)(at - word->at);
		*rest = at < end ? at + 1 : end;
		return true;
	}
	while (at < end && !isblank((unsigned char)*at))
		at++;
	word->len = (size_t)(at - word->at);
	*rest = at;
	return true;
}

static bool
is_word(const struct span *word, const char *text)
{
	return word->len == strlen(text) && strncasecmp(word->at, text, word->len) == 0;
}

/* A path's last part counts, as libpam looks modules up by path, too. */
static bool
is_module(const struct span *word)
{
	size_t n = strlen(MODULE);

	return word->len >= n && memcmp(word->at + word->len - n, MODULE, n) == 0 &&
	       (word->len == n || word->at[word->len - n - 1] == '/');
}

enum phase {
	PHASE_NONE = 0,
	PHASE_AUTH,
	PHASE_ACCOUNT,
	PHASE_SESSION,
	PHASES,
};

static const char *const phase_names[PHASES] = {"", "auth", "account", "session"};

struct line {
	const char *at, *end; /* without the newline */
	enum phase phase;
	bool is_include; /* "@include common-auth" and the like: of that phase */
	bool is_ours;
	const char *arguments; /* of ours */
};

static enum phase
phase_of(const struct span *word)
{
	struct span name = *word;

	if (name.len > 0 && *name.at == '-') { /* "-session": may be missing */
		name.at++;
		name.len--;
	}
	for (unsigned int i = PHASE_AUTH; i < PHASES; i++)
		if (is_word(&name, phase_names[i]))
			return (enum phase)i;
	return PHASE_NONE;
}

static void
read_line(const char *at, const char *end, struct line *line)
{
	struct span type, control, module;
	const char *rest = at;

	*line = (struct line){.at = at, .end = end};
	if (!next_word(&rest, end, &type) || !next_word(&rest, end, &control))
		return;
	if (is_word(&type, "@include")) {
		line->is_include = true;
		if (is_word(&control, "common-auth"))
			line->phase = PHASE_AUTH;
		else if (is_word(&control, "common-account"))
			line->phase = PHASE_ACCOUNT;
		else if (is_word(&control, "common-session"))
			line->phase = PHASE_SESSION;
		return;
	}
	line->phase = phase_of(&type);
	if (next_word(&rest, end, &module) && is_module(&module)) {
		line->is_ours = true;
		line->arguments = rest;
	}
}

/* The line at text, and text behind it. */
static bool
next_line(const char **text, struct line *line)
{
	size_t len = strcspn(*text, "\n");

	if (**text == '\0')
		return false;
	read_line(*text, *text + len, line);
	*text += len + ((*text)[len] == '\n');
	return true;
}

static void
check_line(const struct line *line, size_t number, const struct settings *settings,
    struct report *report)
{
	const char *rest = line->arguments, *key = phase_names[line->phase];
	bool has_group = false, has_root = false;
	struct span word;

	while (next_word(&rest, line->end, &word)) {
		if (is_word(&word, "gate_root")) {
			has_root = true;
		} else if (word.len > 6 && strncmp(word.at, "group=", 6) == 0) {
			struct span group = {word.at + 6, word.len - 6};
			has_group = true;
			if (group.len != strlen(settings->gated) ||
			    memcmp(group.at, settings->gated, group.len) != 0)
				report_error(report, PAM_FILE_PATH, number, key,
				    "group=%.*s, but sallyport.conf gates @%s", (int)group.len,
				    group.at, settings->gated);
		} else if (!is_word(&word, "otp_in_password") &&
			   (word.len <= 7 || strncmp(word.at, "socket=", 7) != 0)) {
			report_error(report, PAM_FILE_PATH, number, key,
			    "unknown option %.*s of " MODULE, (int)word.len, word.at);
		}
	}
	if (!has_group)
		report_error(report, PAM_FILE_PATH, number, key,
		    "group=%s is missing: all but root count as gated", settings->gated);
	if (has_root != settings->gate_root)
		report_error(report, PAM_FILE_PATH, number, key,
		    "gate_root %s here, but gate_root = %s in sallyport.conf",
		    has_root ? "stands" : "is missing", settings->gate_root ? "yes" : "no");
}

void
pam_file_check_arguments(const char *phase, const char *arguments, size_t number,
    const struct settings *settings, struct report *report)
{
	struct line line = {.arguments = arguments, .end = arguments + strlen(arguments)};

	for (unsigned int i = PHASE_AUTH; i < PHASES; i++)
		if (strcmp(phase, phase_names[i]) == 0)
			line.phase = (enum phase)i;
	check_line(&line, number, settings, report);
}

void
pam_file_check(const char *text, const struct settings *settings, struct report *report)
{
	bool has[PHASES] = {false};
	struct line line;

	for (size_t number = 1; next_line(&text, &line); number++) {
		if (!line.is_ours)
			continue;
		has[line.phase] = true;
		check_line(&line, number, settings, report);
	}
	for (unsigned int i = PHASE_AUTH; i < PHASES; i++)
		if (!has[i])
			report_warning(report, PAM_FILE_PATH, 0, phase_names[i],
			    MODULE
			    " is missing: no gated user can use a VM (sallyport print pam)");
}

/* Before which line each phase's own line goes, counted from 0; (size_t)-1: behind
 * all. Before what is included there, else before the first of that phase; in
 * session behind the last, because SELinux wants to be first. */
static void
find_places(const char *text, size_t places[PHASES])
{
	struct line line;
	bool is_fixed[PHASES] = {false};

	for (unsigned int i = 0; i < PHASES; i++)
		places[i] = (size_t)-1;
	for (size_t i = 0; next_line(&text, &line); i++) {
		if (line.phase == PHASE_NONE || line.is_ours || is_fixed[line.phase])
			continue;
		is_fixed[line.phase] = line.is_include;
		if (line.is_include || places[line.phase] == (size_t)-1)
			places[line.phase] = i;
		else if (line.phase == PHASE_SESSION)
			places[line.phase] = i + 1;
	}
}

static void
print_ours(FILE *out, enum phase phase, const struct settings *settings)
{
	bool has_blank = strpbrk(settings->gated, " \t[]#") != NULL;

	/* auth: who is gated passes by the OTP alone, or not at all; for the others
	 * nothing changes. */
	fprintf(out, "%-10s %s " MODULE " %sgroup=%s%s%s\n", phase_names[phase],
	    phase == PHASE_AUTH ? "[success=done ignore=ignore default=die]" : "required    ",
	    has_blank ? "[" : "", settings->gated, has_blank ? "]" : "",
	    settings->gate_root ? " gate_root" : "");
}

/* ~/.pam_environment could preload a library into what sshd starts. */
static void
print_other(FILE *out, const struct line *line)
{
	static const char bad[] = "user_readenv=1";
	const char *rest = line->at, *from = line->at;
	struct span word;

	while (next_word(&rest, line->end, &word)) {
		if (!is_word(&word, bad))
			continue;
		const char *cut = word.at;
		while (cut > from && isblank((unsigned char)cut[-1]))
			cut--;
		fwrite(from, 1, (size_t)(cut - from), out);
		from = word.at + word.len;
	}
	fwrite(from, 1, (size_t)(line->end - from), out);
	fputc('\n', out);
}

void
pam_file_print(FILE *out, const char *text, const struct settings *settings)
{
	size_t places[PHASES], i;
	struct line line;

	find_places(text, places);
	for (i = 0; next_line(&text, &line); i++) {
		for (unsigned int p = PHASE_AUTH; p < PHASES; p++)
			if (places[p] == i)
				print_ours(out, (enum phase)p, settings);
		if (!line.is_ours)
			print_other(out, &line);
	}
	for (unsigned int p = PHASE_AUTH; p < PHASES; p++)
		if (places[p] >= i)
			print_ours(out, (enum phase)p, settings);
}
