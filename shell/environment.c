/* The list. */
#include "shell/environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

#define DIGITS "0123456789"
#define ALNUM  DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum form {
	FORM_LOCALE,  /* a name: never a path, which libc would open */
	FORM_TERM,    /* likewise */
	FORM_ADDRESS, /* what sshd says of the connection */
	FORM_TTY,     /* /dev/pts/N */
	FORM_WORD,    /* letters, digits and '-' */
	FORM_RUNTIME, /* /run/user/UID */
	FORM_BUS,     /* unix:path=/run/user/UID/bus */
	FORM_AGENT,   /* where sshd listens for the agent that it forwards to */
};

static const struct {
	const char *name;
	enum form form;
} passed[] = {
    {"TERM", FORM_TERM},
    {"LANG", FORM_LOCALE},
    {"LANGUAGE", FORM_LOCALE},
    {"LC_ALL", FORM_LOCALE},
    {"LC_ADDRESS", FORM_LOCALE},
    {"LC_COLLATE", FORM_LOCALE},
    {"LC_CTYPE", FORM_LOCALE},
    {"LC_IDENTIFICATION", FORM_LOCALE},
    {"LC_MEASUREMENT", FORM_LOCALE},
    {"LC_MESSAGES", FORM_LOCALE},
    {"LC_MONETARY", FORM_LOCALE},
    {"LC_NAME", FORM_LOCALE},
    {"LC_NUMERIC", FORM_LOCALE},
    {"LC_PAPER", FORM_LOCALE},
    {"LC_TELEPHONE", FORM_LOCALE},
    {"LC_TIME", FORM_LOCALE},
    {"SSH_CLIENT", FORM_ADDRESS},
    {"SSH_CONNECTION", FORM_ADDRESS},
    {"SSH_TTY", FORM_TTY},
    {"SSH_AUTH_SOCK", FORM_AGENT},
    {"XDG_SESSION_ID", FORM_WORD},
    {"XDG_SESSION_CLASS", FORM_WORD},
    {"XDG_SESSION_TYPE", FORM_WORD},
    {"XDG_RUNTIME_DIR", FORM_RUNTIME},
    {"DBUS_SESSION_BUS_ADDRESS", FORM_BUS},
};

/* 1 to max bytes, all of them in set. */
static bool
is_of(const char *value, const char *set, size_t max)
{
	size_t len = strspn(value, set);

	return len > 0 && len <= max && value[len] == '\0';
}

static bool
is_path_of(const char *value, const char *format, uid_t uid)
{
	char expected[64];

	snprintf(expected, sizeof(expected), format, (unsigned int)uid);
	return strcmp(value, expected) == 0;
}

/* What follows prefix in value; NULL: it does not begin so. */
static const char *
behind(const char *value, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(value, prefix, len) == 0 ? value + len : NULL;
}

/* /tmp/ssh-RANDOM/agent.PID; from OpenSSH 10.1 on ~/.ssh/agent/s.RANDOM.sshd.RANDOM. */
static bool
is_agent(const char *value, const char *home)
{
	const char *rest = behind(value, "/tmp/ssh-");
	size_t len;

	if (rest != NULL) {
		len = strspn(rest, ALNUM);
		rest = behind(rest + len, "/agent.");
		return len > 0 && len <= 16 && rest != NULL && is_of(rest, DIGITS, 10);
	}
	rest = behind(value, home);
	if (rest != NULL)
		rest = behind(rest, "/.ssh/agent/s.");
	return rest != NULL && is_of(rest, ALNUM ".", 64);
}

static bool
is_good(enum form form, const char *value, const struct environment_user *user)
{
	switch (form) {
	case FORM_LOCALE:
		return is_of(value, ALNUM "_.@:-", 64) && value[0] != '.';
	case FORM_TERM:
		return is_of(value, ALNUM "_.+-", 64) && value[0] != '.';
	case FORM_ADDRESS:
		return is_of(value, ALNUM " .:%-", 128);
	case FORM_TTY:
		value = behind(value, "/dev/pts/");
		return value != NULL && is_of(value, DIGITS, 9);
	case FORM_WORD:
		return is_of(value, ALNUM "-", 32);
	case FORM_RUNTIME:
		return is_path_of(value, "/run/user/%u", user->uid);
	case FORM_BUS:
		return is_path_of(value, "unix:path=/run/user/%u/bus", user->uid);
	case FORM_AGENT:
		return is_agent(value, user->home);
	}
	return false;
}

/* The first value that name has, as getenv would find; NULL: none. */
static char *
find(char *const *old, const char *name)
{
	size_t len = strlen(name);

	for (; *old != NULL; old++)
		if (strncmp(*old, name, len) == 0 && (*old)[len] == '=')
			return *old;
	return NULL;
}

static void
add(struct environment *e, char *entry)
{
	if (e->count + 1 < ENVIRONMENT_MAX)
		e->list[e->count++] = entry;
}

static void
set(struct environment *e, const char *name, const char *value)
{
	size_t left = sizeof(e->text) - e->used;
	int n = snprintf(e->text + e->used, left, "%s=%s", name, value);

	if (n < 0 || (size_t)n >= left)
		return; /* rather none than half of it */
	add(e, e->text + e->used);
	e->used += (size_t)n + 1;
}

void
environment_build(
    struct environment *environment, char *const *old, const struct environment_user *user)
{
	environment->count = environment->used = 0;
	set(environment, "USER", user->name);
	set(environment, "LOGNAME", user->name);
	set(environment, "HOME", user->home);
	set(environment, "SHELL", user->shell);
	set(environment, "PATH", PATH);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		char *entry = find(old, passed[i].name);
		if (entry != NULL &&
		    is_good(passed[i].form, entry + strlen(passed[i].name) + 1, user))
			add(environment, entry);
	}
	environment->list[environment->count] = NULL;
}
