/* One table of options for all verbs. */
#include "cli/options.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct option {
	enum cli_option option;
	const char *name;
	size_t at; /* of the value in struct cli; 0: it has none */
	const char *form;
};

#define AT(field) offsetof(struct cli, field)

static const struct option table[] = {
    {CLI_JSON, "--json", 0, "--json"},
    {CLI_CONF, "--config", AT(conf_path), "--config FILE"},
    {CLI_SOCKET, "--socket", AT(socket_path), "--socket PATH"},
    {CLI_HELP, "--help", 0, "--help"},
    {CLI_AT, "--at", AT(at), "--at TIME"},
    {CLI_DRY_RUN, "--dry-run", 0, "--dry-run"},
    {CLI_FORCE, "--force", 0, "--force"},
    {CLI_STDIN, "--stdin", 0, "--stdin"},
    {CLI_YES, "--yes", 0, "--yes"},
    {CLI_COUNT, "--count", AT(count), "--count N"},
    {CLI_ANCHOR, "--anchor", AT(anchor), "--anchor FILE"},
    {CLI_ALL, "--all", 0, "--all"},
    {CLI_USER, "--user", AT(users), "--user NAME"}, /* each in a place of its own */
    {CLI_LIST, "--list", 0, "--list"},
    {CLI_VERSION, "--version", 0, "--version"},
    {CLI_FOLLOW, "--follow", 0, "--follow"},
    {CLI_SINCE, "--since", AT(log.since), "--since TIME"},
    {CLI_UNTIL, "--until", AT(log.until), "--until TIME"},
    {CLI_VM, "--vm", AT(log.vm), "--vm NAME"},
    {CLI_EVENT, "--event", AT(log.event), "--event NAME"},
    {CLI_VERDICT, "--verdict", AT(log.verdict), "--verdict allow|deny"},
    {CLI_BY, "--by", AT(log.by), "--by user|vm|day"},
    {CLI_WATCH, "--watch", 0, "--watch"}, /* seconds are a word of their own */
    {CLI_URI, "--uri", AT(uri), "--uri URI"},
    {CLI_WRITE, "--write", AT(write), "--write FILE.conf"},
};
#define OPTIONS (sizeof(table) / sizeof(table[0]))

const char *
options_form(enum cli_option option)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (table[i].option == option)
			return table[i].form;
	return "?";
}

unsigned int
options_foreign(const struct cli *cli, unsigned int allowed)
{
	unsigned int foreign = cli->given & ~(allowed | (unsigned int)CLI_GLOBAL);

	return foreign & (~foreign + 1); /* the lowest bit */
}

/* The option that arg is; *value: behind its '=', or NULL. */
static const struct option *
find(const char *arg, const char **value)
{
	size_t len = strcspn(arg, "=");

	*value = arg[len] == '=' ? arg + len + 1 : NULL;
	for (size_t i = 0; i < OPTIONS; i++)
		if (strlen(table[i].name) == len && strncmp(table[i].name, arg, len) == 0)
			return &table[i];
	return NULL;
}

/* Options of one letter. */
static const char *
long_name(const char *arg)
{
	return strcmp(arg, "-h") == 0 ? "--help" : strcmp(arg, "-f") == 0 ? "--follow" : arg;
}

static void
set(struct cli *cli, const struct option *option, const char *value)
{
	const char **to = (const char **)(uintptr_t)((char *)cli + option->at);

	cli->given |= (unsigned int)option->option;
	if (option->option == CLI_USER)
		cli->users[cli->user_count++] = value;
	else if (option->at != 0)
		*to = value;
}

/* argv[*i] is an option: takes it, and its value. */
static int
take(struct cli *cli, int argc, char **argv, int *i)
{
	const char *value;
	const struct option *option = find(long_name(argv[*i]), &value);

	if (option == NULL)
		return cli_fail(CLI_USAGE, "unknown option %s", argv[*i]);
	if (option->at == 0 && value != NULL)
		return cli_fail(CLI_USAGE, "%s takes no value", option->name);
	if (option->at != 0 && value == NULL) {
		if (*i + 1 >= argc)
			return cli_fail(CLI_USAGE, "%s: the value is missing", option->form);
		value = argv[++*i];
	}
	if (option->option == CLI_USER && cli->user_count < CLI_USERS_MAX)
		; /* as often as one likes */
	else if (cli_has(cli, option->option) && option->at != 0)
		return cli_fail(CLI_USAGE, "%s is given twice", option->name);
	set(cli, option, value);
	return 0;
}

int
options_take(struct cli *cli, int argc, char **argv, const char **words)
{
	bool all_words = false;
	int status;

	cli->words = words;
	cli->word_count = 0;
	for (int i = 1; i < argc; i++) {
		if (!all_words && strcmp(argv[i], "--") == 0) {
			all_words = true;
		} else if (all_words || argv[i][0] != '-' || argv[i][1] == '\0') {
			words[cli->word_count++] = argv[i];
		} else {
			status = take(cli, argc, argv, &i);
			if (status != 0)
				return status;
		}
	}
	return 0;
}
