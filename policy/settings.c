/* sallyport.conf: the table of its keys, and what reads and writes their values. */
#include "policy/settings_key.h"

#include "lib/num.h"
#include "lib/proto.h"
#include "lib/url.h"
#include "policy/duration.h"
#include "policy/ini.h"
#include "policy/report.h"
#include "policy/settings_user.h"
#include "policy/settings_words.h"
#include "policy/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum type {
	TYPE_GROUP, /* char *, written @name */
	TYPE_BOOL,
	TYPE_OTP,
	TYPE_FALLBACK, /* bool */
	TYPE_PATHS,    /* char ** and count */
	TYPE_USERS,    /* char ** and count */
	TYPE_LAYOUTS,  /* char ** and count */
	TYPE_SERVICES, /* char ** and count: names of files in /etc/pam.d */
	TYPE_URLS,     /* char ** and count: https */
	TYPE_PATH,
	TYPE_PROXY,   /* char *, an http URL without a path, or "" */
	TYPE_DIGITS,  /* char *, at most 10 digits, or "" */
	TYPE_HOST,    /* char *, NAME or NAME:PORT, or "" */
	TYPE_SECONDS, /* bounds in seconds */
	TYPE_MILLIS,  /* bounds in milliseconds */
	TYPE_COUNT,
};

struct row {
	struct settings_key key;
	enum type type;
	size_t at, count_at; /* in struct settings */
	uint64_t min, max;
};

#define AT(field)                  offsetof(struct settings, field)
#define TEXT(t, field)             t, AT(field), 0, 0, 0
#define WORDS(t, field, n)         t, AT(field), AT(n), 0, 0
#define NUMBER(t, field, min, max) t, AT(field), 0, min, max

static const struct row rows[] = {
    {{"gated", NULL, "The group whose members need an OTP, written @group."},
	TEXT(TYPE_GROUP, gated)},
    {{"gate_root", "no", "Whether uid 0, too, needs an OTP to log in."},
	TEXT(TYPE_BOOL, gate_root)},
    {{"otp", "pam", "Where the OTP is asked: by the PAM module, or by sallyport-shell."},
	TEXT(TYPE_OTP, otp)},
    {{"sshd", "/usr/sbin/sshd /usr/lib/openssh/sshd-session /usr/libexec/sshd-session",
	 "The executables that may be an SSH connection's processes."},
	WORDS(TYPE_PATHS, sshd, sshd_count)},
    {{"services", "", "The PAM services other than sshd that may have an OTP checked."},
	WORDS(TYPE_SERVICES, services, service_count)},
    {{"backend_uid", "", "The users (names or uids) that may listen at a VM's local back end."},
	WORDS(TYPE_USERS, backend_users, backend_user_count)},
    {{"store_key", "/etc/sallyport/store.key",
	 "The file that holds the key which encrypts the OTP store."},
	TEXT(TYPE_PATH, store_key)},
    {{"layouts", "dvorak",
	 "The keyboard layouts besides QWERTY that an OTP may be typed through."},
	WORDS(TYPE_LAYOUTS, layouts, layout_count)},
    {{"api_url", "",
	 "The validation servers (https) of keys whose secret is not in the store."},
	WORDS(TYPE_URLS, api.urls, api.url_count)},
    {{"api_id", "", "The number under which the validation service knows this gateway."},
	TEXT(TYPE_DIGITS, api.id)},
    {{"api_key", "/etc/sallyport/api.key", "The file that holds the service's API key."},
	TEXT(TYPE_PATH, api.key)},
    {{"api_ca", "/etc/ssl/certs/ca-certificates.crt",
	 "The file of authorities that the servers' certificates must come from."},
	TEXT(TYPE_PATH, api.ca)},
    {{"api_proxy", "", "The proxy through which the servers are asked."},
	TEXT(TYPE_PROXY, api.proxy)},
    {{"api_timeout", "3s", "How long the validation servers have to answer."},
	NUMBER(TYPE_MILLIS, api.timeout_ms, 100, 3500)},
    {{"prompt_timeout", "90s", "How long a prompt for an OTP stays open."},
	NUMBER(TYPE_SECONDS, prompt_timeout_s, 5, 600)},
    {{"verify_timeout", "5s", "How long the check of an OTP may take."},
	NUMBER(TYPE_MILLIS, verify_timeout_ms, 100, 60000)},
    {{"names_timeout", "2s", "How long a look-up of users and groups may take."},
	NUMBER(TYPE_MILLIS, names_timeout_ms, 100, 60000)},
    {{"record_timeout", "5s", "How long the writing of an audit record may take."},
	NUMBER(TYPE_MILLIS, record_timeout_ms, 100, 60000)},
    {{"connect_timeout", "3s", "How long connecting to a VM may take."},
	NUMBER(TYPE_MILLIS, connect_timeout_ms, 100, 60000)},
    {{"nss_recheck", "60s", "How often users and groups are looked up again."},
	NUMBER(TYPE_SECONDS, nss_recheck_s, 1, 86400)},
    {{"max_channels", "256", "How many channels a user may have open at once."},
	NUMBER(TYPE_COUNT, max_channels, 1, 65536)},
    {{"max_prompts", "16",
	 "How many prompts one SSH key of a user may have open from one address."},
	NUMBER(TYPE_COUNT, max_prompts, 1, 1024)},
    {{"max_greetings", "32",
	 "How many links to consoles that have not said yet what they want a user may have."},
	NUMBER(TYPE_COUNT, max_greetings, 1, 1024)},
    {{"links_per_s", "20",
	 "How many links to consoles a user may begin a second, on average; five times as "
	 "many at once."},
	NUMBER(TYPE_COUNT, links_per_s, 1, 10000)},
    {{"opens_per_s", "50",
	 "How many channels a user may open a second, on average; five times as many at "
	 "once."},
	NUMBER(TYPE_COUNT, opens_per_s, 1, 100000)},
    {{"seat_idle", "28800s",
	 "How long a console may be unused before it is ended, and its seat free; 0s: for "
	 "ever."},
	NUMBER(TYPE_SECONDS, seat_idle_s, 0, 31 * 86400)},
    {{"channel_idle", "0s",
	 "How long a channel may carry nothing before it is ended; 0s: for ever."},
	NUMBER(TYPE_SECONDS, channel_idle_s, 0, 31 * 86400)},
    {{"keep_days", "365", "How many days audit files are kept; 0: for ever."},
	NUMBER(TYPE_COUNT, keep_days, 0, 36500)},
    {{"rotate_mib", "256",
	 "The size in MiB at which the audit log begins a new file, besides each day."},
	NUMBER(TYPE_COUNT, rotate_mib, 1, 1048576)},
    {{"kernel_audit", "yes", "Whether OTP results and sessions go to the kernel's audit, too."},
	TEXT(TYPE_BOOL, kernel_audit)},
    {{"files_fallback", "refuse",
	 "Where the kernel cannot hold a file transfer that writes: whether one that reads "
	 "is let in, or none."},
	TEXT(TYPE_FALLBACK, files_only_read)},
    {{"max_age", "0s", "How long a connection may last before it is ended; 0s: for ever."},
	NUMBER(TYPE_SECONDS, max_age_s, 0, 366 * 86400)},
    {{"max_idle", "0s",
	 "How long a connection may have no channel or session before it is ended; 0s: for "
	 "ever."},
	NUMBER(TYPE_SECONDS, max_idle_s, 0, 31 * 86400)},
    {{"max_sessions", "64", "How many shells, commands and pages a user may have at once."},
	NUMBER(TYPE_COUNT, max_sessions, 1, 4096)},
    {{"shell", "/bin/bash",
	 "The shell of those who may have one and whose passwd entry names none."},
	TEXT(TYPE_PATH, shell)},
    {{"ssh_name", "",
	 "The name, NAME or NAME:PORT, under which users reach this gateway by ssh."},
	TEXT(TYPE_HOST, ssh_name)},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* --- values ---------------------------------------------------------------- */

static void *
field(const struct settings *settings, size_t at)
{
	return (char *)(uintptr_t)settings + at;
}

static int
set_text(char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	return *to == NULL ? -ENOMEM : 0;
}

static int
set_group(const struct settings_place *place, char **to, const char *text)
{
	size_t len = strlen(text);

	if (text[0] != '@' || len < 2 || strpbrk(text, " :,@") != text ||
	    strpbrk(text + 1, " :,@") != NULL) {
		SETTINGS_BAD(place, "'%s' is not a group: write @group", text);
		return 0;
	}
	if (len - 1 > PROTO_NAME_MAX) {
		SETTINGS_BAD(place, "the group's name is too long");
		return 0;
	}
	return set_text(to, text + 1);
}

static int
set_words(const struct settings_place *place, enum type type, char ***to, size_t *count,
    const char *text)
{
	static settings_word_fn *const good[] = {[TYPE_PATHS] = settings_word_is_path,
	    [TYPE_USERS] = settings_word_is_user,
	    [TYPE_LAYOUTS] = settings_word_is_layout,
	    [TYPE_SERVICES] = settings_word_is_service,
	    [TYPE_URLS] = settings_word_is_url};
	int err = settings_words_read(place, good[type],
	    type == TYPE_URLS ? SETTINGS_SERVERS_MAX : SETTINGS_WORDS_MAX, to, count, text);

	if (err == 0 && type == TYPE_PATHS && *count == 0)
		SETTINGS_BAD(place, "is empty");
	return err;
}

/* One of two words; neither leaves *is_second as it was. */
static void
set_choice(const struct settings_place *place, const char *first, const char *second,
    const char *text, bool *is_second)
{
	if (strcmp(text, first) == 0)
		*is_second = false;
	else if (strcmp(text, second) == 0)
		*is_second = true;
	else
		SETTINGS_BAD(place, "'%s' is neither %s nor %s", text, first, second);
}

static void
set_number(
    const struct settings_place *place, const struct row *row, uint32_t *to, const char *text)
{
	uint64_t unit = row->type == TYPE_SECONDS ? 1000 : 1, value = 0;
	char least[32], most[32];
	int err;

	if (row->type == TYPE_COUNT) {
		err = num_parse(text, row->min, row->max, &value);
		if (err == -EINVAL)
			SETTINGS_BAD(place, "'%s' is not a number", text);
		else if (err < 0)
			SETTINGS_BAD(place, "%s is not between %llu and %llu", text,
			    (unsigned long long)row->min, (unsigned long long)row->max);
	} else {
		err = duration_parse(text, row->min * unit, row->max * unit, &value);
		if (err == -EINVAL)
			SETTINGS_BAD(place,
			    "'%s' is not a time: write a number and ms, s, m, h or d", text);
		else if (err < 0)
			SETTINGS_BAD(place, "%s is not between %s and %s", text,
			    duration_format(row->min * unit, least, sizeof(least)),
			    duration_format(row->max * unit, most, sizeof(most)));
		else if (value % unit != 0) {
			SETTINGS_BAD(place, "%s is not a whole number of seconds", text);
			return;
		}
	}
	if (err == 0)
		*to = (uint32_t)(value / unit);
}

static int
set_digits(const struct settings_place *place, char **to, const char *text)
{
	uint64_t number;

	if (text[0] != '\0' &&
	    (text[0] == '0' || num_parse(text, 1, 9999999999, &number) < 0)) {
		SETTINGS_BAD(place, "'%s' is not a number of 1 to 10 digits", text);
		text = "";
	}
	return set_text(to, text);
}

static int
set_proxy(const struct settings_place *place, char **to, const char *text)
{
	const char *why = NULL;
	struct url url;

	if (text[0] != '\0' && (url_parse(text, "http", 0, &url, &why) < 0 || url.port == 0 ||
				   url.path[0] != '\0')) {
		SETTINGS_BAD(place, "'%s'%s%s: write http://HOST:PORT", text,
		    why != NULL ? ": " : "", why != NULL ? why : "");
		text = "";
	}
	return set_text(to, text);
}

static int
set_value(const struct settings_place *place, const struct row *row, const char *text,
    struct settings *settings)
{
	void *at = field(settings, row->at);
	bool is_second = false;

	switch (row->type) {
	case TYPE_GROUP:
		return set_group(place, at, text);
	case TYPE_BOOL:
		set_choice(place, "no", "yes", text, &is_second);
		*(bool *)at = is_second;
		return 0;
	case TYPE_OTP:
		set_choice(place, "pam", "shell", text, &is_second);
		*(enum settings_otp *)at = is_second ? SETTINGS_OTP_SHELL : SETTINGS_OTP_PAM;
		return 0;
	case TYPE_FALLBACK:
		set_choice(place, "refuse", "read-only", text, &is_second);
		*(bool *)at = is_second;
		return 0;
	case TYPE_PATHS:
	case TYPE_USERS:
	case TYPE_LAYOUTS:
	case TYPE_SERVICES:
	case TYPE_URLS:
		return set_words(place, row->type, at, field(settings, row->count_at), text);
	case TYPE_HOST:
		if (text[0] == '\0' || text_is_host(text))
			return set_text(at, text);
		SETTINGS_BAD(place, "'%s' is not a NAME or NAME:PORT", text);
		return 0;
	case TYPE_PATH:
		if (text_is_path(text, PATH_MAX - 1))
			return set_text(at, text);
		SETTINGS_BAD(place, "'%s' is not an absolute path", text);
		return 0;
	case TYPE_PROXY:
		return set_proxy(place, at, text);
	case TYPE_DIGITS:
		return set_digits(place, at, text);
	case TYPE_SECONDS:
	case TYPE_MILLIS:
	case TYPE_COUNT:
		set_number(place, row, at, text);
		return 0;
	}
	return 0;
}

/* --- the file ---------------------------------------------------------------- */

static const struct ini_entry *
find_entry(const struct ini_section *section, const char *key)
{
	for (size_t i = 0; section != NULL && i < section->entry_count; i++)
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	return NULL;
}

static int
read_row(const struct row *row, const struct ini_section *section, struct settings_place place,
    struct settings *settings)
{
	const struct ini_entry *entry = find_entry(section, row->key.name);

	place.line = entry != NULL ? entry->line : 0;
	place.key = row->key.name;
	if (entry == NULL && row->key.fallback == NULL) {
		SETTINGS_BAD(&place, "is required: there is no default");
		return 0;
	}
	return set_value(
	    &place, row, entry != NULL ? entry->value : row->key.fallback, settings);
}

/* The section [sallyport]; any that is not known, and any unknown key, is reported. */
static const struct ini_section *
find_section(const char *file, const struct ini *ini, struct report *report)
{
	const struct ini_section *found = NULL;

	for (size_t i = 0; i < ini->section_count; i++) {
		const struct ini_section *section = &ini->sections[i];
		if (settings_user_is_section(section))
			continue;
		if (strcmp(section->name, "sallyport") != 0)
			report_error(report, file, section->line, NULL,
			    "unknown section [%s]: there are only [sallyport] and [user NAME]",
			    section->name);
		else if (found == NULL)
			found = section;
	}
	for (size_t i = 0; found != NULL && i < found->entry_count; i++) {
		size_t k = 0;
		while (k < ROWS && strcmp(rows[k].key.name, found->entries[i].key) != 0)
			k++;
		if (k == ROWS)
			report_error(report, file, found->entries[i].line,
			    found->entries[i].key, "unknown key");
	}
	return found;
}

/* Half a configuration of the validation servers is a mistake of somebody's. */
static void
check_api(struct settings_place place, const struct ini_section *section,
    const struct settings *settings)
{
	const struct ini_entry *url = find_entry(section, "api_url");
	const struct ini_entry *id = find_entry(section, "api_id");

	if (settings->api.url_count > 0 && settings->api.id[0] == '\0') {
		place.key = "api_url";
		place.line = url != NULL ? url->line : 0;
		SETTINGS_BAD(&place, "needs api_id");
	} else if (settings->api.url_count == 0 && settings->api.id[0] != '\0') {
		place.key = "api_id";
		place.line = id != NULL ? id->line : 0;
		SETTINGS_BAD(&place, "is of no use without a good api_url");
	}
}

int
settings_parse(const char *file, const char *text, size_t len, struct report *report,
    struct settings *settings)
{
	struct settings_place place = {.file = file, .report = report};
	const struct ini_section *section;
	struct ini ini = {0};
	int err;

	*settings = (struct settings){0};
	err = ini_parse(file, text, len, report, &ini);
	if (err < 0)
		return err;
	section = find_section(file, &ini, report);
	for (size_t i = 0; i < ROWS && err == 0; i++)
		err = read_row(&rows[i], section, place, settings);
	if (err == 0)
		check_api(place, section, settings);
	if (err == 0)
		err = settings_user_read(file, &ini, report, settings);
	ini_free(&ini);
	if (err < 0)
		settings_free(settings);
	return err;
}

static void
free_words(char **words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(words[i]);
	free(words);
}

void
settings_free(struct settings *settings)
{
	free(settings->gated);
	free_words(settings->sshd, settings->sshd_count);
	free_words(settings->services, settings->service_count);
	free_words(settings->backend_users, settings->backend_user_count);
	free_words(settings->layouts, settings->layout_count);
	free_words(settings->api.urls, settings->api.url_count);
	free(settings->api.id);
	free(settings->api.key);
	free(settings->api.ca);
	free(settings->api.proxy);
	free(settings->store_key);
	free(settings->shell);
	free(settings->ssh_name);
	settings_user_free(settings);
	*settings = (struct settings){0};
}

/* --- for show, the example and the tests ------------------------------------- */

size_t
settings_key_count(void)
{
	return ROWS;
}

const struct settings_key *
settings_key(size_t i)
{
	return i < ROWS ? &rows[i].key : NULL;
}

static void
join(char *const *words, size_t n, char *text, size_t cap)
{
	size_t used = 0;

	for (size_t i = 0; i < n && used < cap; i++)
		used += (size_t)snprintf(
		    text + used, cap - used, "%s%s", i > 0 ? " " : "", words[i]);
}

void
settings_value(const struct settings *settings, size_t i, char *text, size_t cap)
{
	const struct row *row = i < ROWS ? &rows[i] : NULL;
	const void *at;

	text[0] = '\0';
	if (row == NULL)
		return;
	at = field(settings, row->at);
	switch (row->type) {
	case TYPE_GROUP:
		if (*(char *const *)at != NULL)
			snprintf(text, cap, "@%s", *(char *const *)at);
		break;
	case TYPE_BOOL:
		snprintf(text, cap, "%s", *(const bool *)at ? "yes" : "no");
		break;
	case TYPE_FALLBACK:
		snprintf(text, cap, "%s", *(const bool *)at ? "read-only" : "refuse");
		break;
	case TYPE_OTP:
		snprintf(text, cap, "%s",
		    *(const enum settings_otp *)at == SETTINGS_OTP_SHELL ? "shell" : "pam");
		break;
	case TYPE_PATHS:
	case TYPE_USERS:
	case TYPE_LAYOUTS:
	case TYPE_SERVICES:
	case TYPE_URLS:
		join(*(char **const *)at, *(const size_t *)field(settings, row->count_at), text,
		    cap);
		break;
	case TYPE_PATH:
	case TYPE_PROXY:
	case TYPE_DIGITS:
	case TYPE_HOST:
		snprintf(text, cap, "%s", *(char *const *)at != NULL ? *(char *const *)at : "");
		break;
	case TYPE_SECONDS:
		duration_format((uint64_t) * (const uint32_t *)at * 1000, text, cap);
		break;
	case TYPE_MILLIS:
		duration_format(*(const uint32_t *)at, text, cap);
		break;
	case TYPE_COUNT:
		snprintf(text, cap, "%u", *(const uint32_t *)at);
		break;
	}
}
