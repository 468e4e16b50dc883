/* Checks of sshd's effective configuration that are more than a comparison. */
#include "cli/doctor_sshd.h"

#include "cli/permit.h"
#include "lib/num.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define METHODS_PAM   "publickey,keyboard-interactive:pam"
#define METHODS_SHELL "publickey"
#define OURS          "sallyport-shell"
/* Open prompts count as startups. */
#define STARTUPS_LEAST 20
#define TRIES_LEAST    3
#define PERMIT_SLOW    1000
/* sshd needs some of its time before and after the prompt. */
#define GRACE_MORE_S 10

/* Value of keyword for the sample; "" where sshd knows none. */
static const char *
value_of(const struct sshd_sample *sample, const char *keyword)
{
	const char *value = sshd_effective_get(&sample->effective, keyword);

	return value != NULL ? value : "";
}

/* The number that text begins with; false when it begins with none. */
static bool
number_of(const char *text, uint64_t *number)
{
	char digits[20];
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	return num_parse(digits, 0, UINT32_MAX, number) == 0;
}

void
doctor_sshd_methods(struct doctor *doctor, const struct doctor_check *check)
{
	bool is_pam = doctor->settings->otp == SETTINGS_OTP_PAM;
	const char *wanted = is_pam ? METHODS_PAM : METHODS_SHELL;
	const struct sshd_sample *sample;
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		const char *value = value_of(sample, "authenticationmethods");
		if (strcmp(value, wanted) != 0)
			doctor_sshd_point(doctor,
			    doctor_find(doctor, check,
				"authenticationmethods is %s, and not %s", value, wanted),
			    sample, "authenticationmethods", value);
	}
}

/* Languages, and whether a terminal has colours, cannot load anything. */
static bool
is_harmless(const char *pattern, size_t len)
{
	static const char *const good[] = {"LANG", "LANGUAGE", "COLORTERM", "NO_COLOR"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (strlen(good[i]) == len && memcmp(good[i], pattern, len) == 0)
			return true;
	return len > 3 && memcmp(pattern, "LC_", 3) == 0;
}

void
doctor_sshd_acceptenv(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		const char *value;
		size_t at = 0;
		while (
		    (value = sshd_effective_next(&sample->effective, "acceptenv", &at)) != NULL)
			for (; *value != '\0'; value += strspn(value, " ")) {
				size_t len = strcspn(value, " ");
				char word[256];
				snprintf(word, sizeof(word), "%.*s", (int)len, value);
				value += len;
				if (is_harmless(word, strlen(word)))
					continue;
				doctor_sshd_point(doctor,
				    doctor_find(doctor, check, "acceptenv lets %s in", word),
				    sample, "acceptenv", word);
			}
	}
}

/* --- PermitOpen ------------------------------------------------------------------ */

/* The first word of list that is not in other; its length in *len. NULL: none. */
static const char *
first_beyond(const char *list, const char *other, size_t *len)
{
	char word[1024];

	/* As a rule they are equal, and may be long. */
	for (; *list != '\0' && strcmp(list, other) != 0; list += strspn(list, " ")) {
		*len = strcspn(list, " ");
		snprintf(word, sizeof(word), "%.*s", (int)*len, list);
		if (strcmp(word, "none") != 0 && !sshd_effective_has_word(other, word))
			return list;
		list += *len;
	}
	return NULL;
}

/* Does an entry lead to an endpoint of the gate, be it another user's? */
static bool
is_of_gate(const struct doctor *doctor, const char *entry, size_t len)
{
	static const char folder[] = "[/run/sallyport/vm/";
	const char *colon = memchr(entry, ':', len);
	char name[256];

	if (len > sizeof(folder) && memcmp(entry, folder, sizeof(folder) - 1) == 0)
		return memmem(entry, len, "/../", 4) == NULL;
	if (colon == NULL || (size_t)(colon - entry) >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(colon - entry), entry);
	return policy_vm_find(doctor->policy, name) != NULL;
}

void
doctor_sshd_permitopen(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		const char *value = value_of(sample, "permitopen"), *entry;
		size_t len;
		if (!doctor->accounts->has_permits)
			break;
		entry = first_beyond(value, sample->account->open, &len);
		if (*value == '\0' || strcmp(value, "any") == 0)
			doctor_sshd_point(doctor,
			    doctor_find(doctor, check, "permitopen is any"), sample,
			    "permitopen", "any");
		else if (entry != NULL && !is_of_gate(doctor, entry, len)) {
			char word[300];
			snprintf(word, sizeof(word), "%.*s", (int)len, entry);
			doctor_sshd_point(doctor,
			    doctor_find(doctor, check,
				"permitopen has %s, which is not the gate's", word),
			    sample, "permitopen", word);
		}
	}
}

void
doctor_sshd_permitopen_missing(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		const char *value = value_of(sample, "permitopen"), *entry;
		size_t len;
		if (!doctor->accounts->has_permits || *value == '\0' ||
		    strcmp(value, "any") == 0)
			continue;
		entry = first_beyond(sample->account->open, value, &len);
		if (entry != NULL)
			doctor_sshd_point(doctor,
			    doctor_find(doctor, check, "permitopen lacks %.*s",
				len < 300 ? (int)len : 300, entry),
			    sample, "permitopen", value);
	}
}

static void
count_entries(
    struct doctor *doctor, const struct doctor_check *check, size_t above, size_t most)
{
	const struct sshd_sample *sample;
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		size_t n = sshd_effective_words(value_of(sample, "permitopen"));
		struct finding *finding;
		if (n <= above || n > most)
			continue;
		finding = doctor_find(doctor, check, "permitopen has %zu entries", n);
		finding_user(finding, sample->label);
		finding_at(finding, SSHD_CONFIG, 0);
		finding_mend(
		    finding, "grant fewer VMs to one user, then: sallyport print sshd");
	}
}

void
doctor_sshd_permitopen_many(struct doctor *doctor, const struct doctor_check *check)
{
	count_entries(doctor, check, PERMIT_SLOW, PERMIT_MAX);
}

void
doctor_sshd_permitopen_limit(struct doctor *doctor, const struct doctor_check *check)
{
	count_entries(doctor, check, PERMIT_MAX, SIZE_MAX);
}

/* --- limits, and what goes with them ------------------------------------------------ */

void
doctor_sshd_sftp(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	struct finding *finding;
	size_t i = 0, at = 0;
	const char *value;

	sample = doctor_sshd_gated(doctor, &i);
	if (sample == NULL)
		return;
	while ((value = sshd_effective_next(&sample->effective, "subsystem", &at)) != NULL)
		if (strncmp(value, "sftp ", 5) == 0)
			return;
	finding = doctor_find(doctor, check, "there is no subsystem sftp");
	finding_at(finding, SSHD_CONFIG, 0);
	finding_mend(finding, "Subsystem sftp internal-sftp");
}

void
doctor_sshd_grace(struct doctor *doctor, const struct doctor_check *check)
{
	uint64_t least = doctor->settings->prompt_timeout_s + GRACE_MORE_S, grace;
	const struct sshd_sample *sample;
	size_t i = 0;
	const char *value;

	sample = doctor_sshd_gated(doctor, &i);
	if (sample == NULL)
		return;
	value = value_of(sample, "logingracetime");
	if (!number_of(value, &grace) || grace >= least)
		return;
	doctor_sshd_point(doctor,
	    grace == 0
		? doctor_find(doctor, check, "logingracetime is 0: logins never end")
		: doctor_find(doctor, check,
		      "logingracetime is %s; prompt_timeout is %u s, and needs %llu", value,
		      doctor->settings->prompt_timeout_s, (unsigned long long)least),
	    NULL, "logingracetime", value);
}

void
doctor_sshd_maxstartups(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	uint64_t first;
	size_t i = 0;
	const char *value;

	sample = doctor_sshd_gated(doctor, &i);
	if (sample == NULL)
		return;
	value = value_of(sample, "maxstartups");
	if (number_of(value, &first) && first < STARTUPS_LEAST)
		doctor_sshd_point(doctor,
		    doctor_find(doctor, check, "maxstartups is %s", value), NULL, "maxstartups",
		    value);
}

void
doctor_sshd_tries(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	uint64_t tries;
	size_t i = 0;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		const char *value = value_of(sample, "maxauthtries");
		if (number_of(value, &tries) && tries < TRIES_LEAST)
			doctor_sshd_point(doctor,
			    doctor_find(doctor, check, "maxauthtries is %s", value), sample,
			    "maxauthtries", value);
	}
}

void
doctor_sshd_penalties(struct doctor *doctor, const struct doctor_check *check)
{
	const struct sshd_sample *sample;
	struct finding *finding;
	size_t i = 0;
	const char *value, *exempt;

	sample = doctor_sshd_gated(doctor, &i);
	if (sample == NULL)
		return;
	value = sshd_effective_get(&sample->effective, "persourcepenalties");
	exempt = sshd_effective_get(&sample->effective, "persourcepenaltyexemptlist");
	if (value == NULL || strcmp(value, "no") == 0)
		return;
	if (exempt != NULL && strcmp(exempt, "none") != 0)
		return;
	finding = doctor_find(doctor, check, "persourcepenalties are on, nobody is exempt");
	finding_at(finding, SSHD_CONFIG, 0);
	finding_mend(finding, "PerSourcePenaltyExemptList and the networks your users share");
}

/* --- who is let as far as PAM --------------------------------------------------------- */

/* sshd's pattern, "user@host" without its host; a name with an @ of its own matches
 * itself. */
static bool
is_match(const char *pattern, size_t len, const char *name)
{
	char text[512];
	char *at;

	snprintf(text, sizeof(text), "%.*s", (int)len, pattern);
	if (strcmp(text, name) == 0)
		return true;
	at = strrchr(text, '@');
	if (at != NULL && strchr(name, '@') == NULL)
		*at = '\0';
	return fnmatch(text, name, 0) == 0;
}

/* Does any pattern of keyword's lines match name? *any: there is one. */
static bool
is_in(const struct sshd_sample *sample, const char *keyword, const char *name, bool *any)
{
	const char *value;
	size_t at = 0;

	*any = false;
	while ((value = sshd_effective_next(&sample->effective, keyword, &at)) != NULL) {
		*any = true;
		for (; *value != '\0'; value += strspn(value, " ")) {
			size_t len = strcspn(value, " ");
			if (is_match(value, len, name))
				return true;
			value += len;
		}
	}
	return false;
}

void
doctor_sshd_filter(struct doctor *doctor, const struct doctor_check *check)
{
	const char *group = doctor->settings->gated;
	const struct sshd_sample *sample;
	size_t i = 0;
	bool any;

	while ((sample = doctor_sshd_gated(doctor, &i)) != NULL) {
		const char *name = sample->account->name, *by = NULL;
		if (is_in(sample, "denyusers", name, &any))
			by = "denyusers";
		else if (is_in(sample, "denygroups", group, &any))
			by = "denygroups";
		else if (!is_in(sample, "allowusers", name, &any) && any)
			by = "allowusers";
		else if (!is_in(sample, "allowgroups", group, &any) && any)
			by = "allowgroups";
		if (by != NULL)
			doctor_sshd_point(doctor,
			    doctor_find(doctor, check, "%s keeps the user out", by), sample, by,
			    NULL);
	}
}

/* Those who are not gated must not meet the gate. */
void
doctor_sshd_others(struct doctor *doctor, const struct doctor_check *check)
{
	const struct doctor_sshd *own = doctor->group;

	for (size_t i = 0; i < own->samples.count; i++) {
		const struct sshd_sample *sample = &own->samples.list[i];
		const char *command = value_of(sample, "forcecommand");
		const char *methods = value_of(sample, "authenticationmethods");
		if (sample->account->is_gated)
			continue;
		if (strstr(command, OURS) != NULL)
			doctor_sshd_point(doctor,
			    doctor_find(
				doctor, check, "who is not gated has forcecommand %s", command),
			    sample, "forcecommand", command);
		if (sample->account->uid != 0 && strcmp(methods, METHODS_PAM) == 0)
			doctor_sshd_point(doctor,
			    doctor_find(doctor, check,
				"who is not gated has authenticationmethods %s", methods),
			    sample, "authenticationmethods", methods);
	}
}

void
doctor_sshd_way_back(struct doctor *doctor, const struct doctor_check *check)
{
	const struct doctor_sshd *own = doctor->group;
	struct finding *finding;

	for (size_t i = 0; i < doctor->accounts->count; i++)
		if (doctor->accounts->list[i].is_admin && doctor->accounts->list[i].uid != 0)
			return;
	for (size_t i = 0; i < own->samples.count; i++) {
		const struct sshd_sample *sample = &own->samples.list[i];
		const char *value = value_of(sample, "permitrootlogin");
		if (strcmp(sample->account->name, "root") != 0 || strcmp(value, "no") != 0)
			continue;
		finding = doctor_find(doctor, check,
		    "root may not log in by ssh, and no admin is outside the gated group");
		finding_at(finding, SSHD_CONFIG, 0);
		finding_mend(finding,
		    "keep a console at hand, or one admin's account outside @%s",
		    doctor->settings->gated);
	}
}
