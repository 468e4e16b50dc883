/* Reads the sections of users. */
#include "policy/settings_user.h"

#include "lib/proto.h"
#include "policy/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool
settings_user_is_section(const struct ini_section *section)
{
	return strncmp(section->name, "user ", 5) == 0;
}

/* [user NAME]: what differs for one user. */
static int
read_user(const char *file, const struct ini_section *section, struct report *report,
    struct settings *settings)
{
	struct settings_user *user = &settings->users[settings->user_count];

	user->name = strdup(section->name + 5);
	settings->user_count++;
	if (user->name == NULL)
		return -ENOMEM;
	if (strlen(user->name) > PROTO_NAME_MAX)
		report_error(report, file, section->line, NULL, "the user's name is too long");
	for (size_t i = 0; i < section->entry_count; i++) {
		const struct ini_entry *entry = &section->entries[i];
		const char *why = NULL;

		if (strcmp(entry->key, "shell") != 0)
			why = "unknown key: a user's section has only shell";
		else if (!text_is_path(entry->value, PROTO_PATH_MAX))
			why = "is not an absolute path";
		if (why != NULL) {
			report_error(report, file, entry->line, entry->key, "%s", why);
			continue;
		}
		free(user->shell);
		user->shell = strdup(entry->value);
		if (user->shell == NULL)
			return -ENOMEM;
	}
	return 0;
}

int
settings_user_read(
    const char *file, const struct ini *ini, struct report *report, struct settings *settings)
{
	int err = 0;

	settings->users = calloc(ini->section_count + 1, sizeof(*settings->users));
	if (settings->users == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < ini->section_count && err == 0; i++)
		if (settings_user_is_section(&ini->sections[i]))
			err = read_user(file, &ini->sections[i], report, settings);
	return err;
}

void
settings_user_free(struct settings *settings)
{
	for (size_t i = 0; i < settings->user_count; i++) {
		free(settings->users[i].name);
		free(settings->users[i].shell);
	}
	free(settings->users);
	settings->users = NULL;
	settings->user_count = 0;
}

/* Not what says no, nor what asks us again. */
static bool
is_real_shell(const char *shell)
{
	static const char *const others[] = {
	    "sallyport-shell", "nologin", "false", "true", "sync"};
	const char *base = strrchr(shell, '/');

	if (shell[0] != '/')
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(base + 1, others[i]) == 0)
			return false;
	return base[1] != '\0';
}

const char *
settings_user_shell(const struct settings *settings, const char *user, const char *passwd_shell)
{
	for (size_t i = 0; i < settings->user_count; i++)
		if (strcmp(settings->users[i].name, user) == 0 &&
		    settings->users[i].shell != NULL)
			return settings->users[i].shell;
	return is_real_shell(passwd_shell) ? passwd_shell : settings->shell;
}
