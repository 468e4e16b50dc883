/* Where sshd takes a user's public keys from. */
#include "cli/doctor_sshd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Fills path with a pattern of AuthorizedKeysFile for account. False: too long. */
static bool
expand(char *path, size_t cap, const char *pattern, size_t len, const struct account *account)
{
	bool is_absolute = *pattern == '/' || strncmp(pattern, "%h", 2) == 0;
	FILE *out = fmemopen(path, cap, "w");
	bool is_whole;

	if (out == NULL)
		return false;
	if (!is_absolute)
		fprintf(out, "%s/", account->home);
	for (size_t i = 0; i < len; i++) {
		bool is_token = pattern[i] == '%' && i + 1 < len;
		i += is_token;
		if (is_token && pattern[i] == 'h')
			fputs(account->home, out);
		else if (is_token && pattern[i] == 'u')
			fputs(account->name, out);
		else if (is_token && pattern[i] == 'U')
			fprintf(out, "%u", account->uid);
		else
			fputc(pattern[i], out);
	}
	is_whole = ftell(out) >= 0 && (size_t)ftell(out) < cap;
	return fclose(out) == 0 && is_whole;
}

/* Who may write there besides root and the user: NULL for nobody. */
static const char *
open_to(const char *path, uid_t uid)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return NULL;
	if (st.st_uid != 0 && st.st_uid != uid)
		return "is another user's";
	if ((st.st_mode & 022) != 0)
		return "can be written by others";
	return NULL;
}

/* The file, then its folders up to the home or the root. */
static void
check_path(struct doctor *doctor, const struct doctor_check *check,
    const struct sshd_sample *sample, const char *file)
{
	const struct account *account = sample->account;
	char path[PATH_MAX], word[PATH_MAX + 3];
	struct finding *finding;

	snprintf(path, sizeof(path), "%s", file);
	while (path[0] != '\0') {
		const char *why = open_to(path, account->uid);
		char *slash;
		if (why != NULL) {
			finding = doctor_find(doctor, check, "%s %s", path, why);
			finding_user(finding, account->name);
			finding_at(finding, path, 0);
			if (strcmp(why, "can be written by others") == 0)
				finding_command(finding, "chmod go-w %s",
				    finding_quote(word, sizeof(word), path));
			else
				finding_command(finding, "chown %u %s", account->uid,
				    finding_quote(word, sizeof(word), path));
		}
		if (strcmp(path, account->home) == 0)
			return;
		slash = strrchr(path, '/');
		if (slash == NULL || slash == path)
			return;
		*slash = '\0';
	}
}

/* Calls for each key file of the sample that is there; how many there are. */
static size_t
each_file(struct doctor *doctor, const struct doctor_check *check,
    const struct sshd_sample *sample, bool is_checked)
{
	const char *value = sshd_effective_get(&sample->effective, "authorizedkeysfile");
	char path[PATH_MAX];
	struct stat st;
	size_t found = 0;

	for (value = value != NULL ? value : ""; *value != '\0'; value += strspn(value, " ")) {
		size_t len = strcspn(value, " ");
		if (expand(path, sizeof(path), value, len, sample->account) &&
		    stat(path, &st) == 0 && st.st_size > 0) {
			found++;
			if (is_checked)
				check_path(doctor, check, sample, path);
		}
		value += len;
	}
	return found;
}

void
doctor_sshd_keysfile(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL)
		(void)each_file(doctor, check, sample, true);
}

void
doctor_sshd_nokeys(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	struct finding *finding;
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		const char *command =
		    sshd_effective_get(&sample->effective, "authorizedkeyscommand");
		const char *ca = sshd_effective_get(&sample->effective, "trustedusercakeys");
		if ((command != NULL && strcmp(command, "none") != 0) ||
		    (ca != NULL && strcmp(ca, "none") != 0))
			continue;
		if (each_file(doctor, check, sample, false) > 0)
			continue;
		finding = doctor_find(
		    doctor, check, "%s has no authorized key", sample->account->name);
		finding_at(finding, sample->account->home, 0);
		finding_mend(finding, "put the user's public key into ~/.ssh/authorized_keys");
	}
}

void
doctor_sshd_keyscommand(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	char path[PATH_MAX], word[PATH_MAX + 3];
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		const char *value =
		    sshd_effective_get(&sample->effective, "authorizedkeyscommand");
		const char *why;
		struct finding *finding;
		if (value == NULL || *value != '/')
			continue;
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(value, " "), value);
		why = open_to(path, 0);
		if (why == NULL)
			continue;
		finding = doctor_find(doctor, check, "%s %s", path, why);
		finding_at(finding, path, 0);
		finding_command(finding, "chown root: %1$s && chmod go-w %1$s",
		    finding_quote(word, sizeof(word), path));
	}
}
