/* One table of options for all verbs. */
#include "cli/options.h"

#include <string.h>

struct option {
	enum cli_option option;
	const char *name;
	bool has_value;
	const char *form;
};

static const struct option table[] = {
    {CLI_JSON, "--json", false, "--json"},
    {CLI_CONF, "--config", true, "--config FILE"},
    {CLI_SOCKET, "--socket", true, "--socket PATH"},
    {CLI_HELP, "--help", false, "--help"},
    {CLI_AT, "--at", true, "--at TIME"},
    {CLI_DRY_RUN, "--dry-run", false, "--dry-run"},
    {CLI_FORCE, "--force", false, "--force"},
    {CLI_STDIN, "--stdin", false, "--stdin"},
    {CLI_YES, "--yes", false, "--yes"},
    {CLI_COUNT, "--count", true, "--count N"},
    {CLI_ANCHOR, "--anchor", true, "--anchor FILE"},
    {CLI_ALL, "--all", false, "--all"},
    {CLI_USER, "--user", true, "--user NAME"},
    {CLI_LIST, "--list", false, "--list"},
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

static void
set(struct cli *cli, const struct option *option, const char *value)
{
	cli->given |= (unsigned int)option->option;
	if (option->option == CLI_CONF)
		cli->conf_path = value;
	else if (option->option == CLI_SOCKET)
		cli->socket_path = value;
	else if (option->option == CLI_AT)
		cli->at = value;
	else if (option->option == CLI_COUNT)
		cli->count = value;
	else if (option->option == CLI_ANCHOR)
		cli->anchor = value;
	else if (option->option == CLI_USER)
		cli->users[cli->user_count++] = value;
}

/* argv[*i] is an option: takes it, and its value. */
static int
take(struct cli *cli, int argc, char **argv, int *i)
{
	const char *value;
	const struct option *option =
	    strcmp(argv[*i], "-h") == 0 ? find("--help", &value) : find(argv[*i], &value);

	if (option == NULL)
		return cli_fail(CLI_USAGE, "unknown option %s", argv[*i]);
	if (!option->has_value && value != NULL)
		return cli_fail(CLI_USAGE, "%s takes no value", option->name);
	if (option->has_value && value == NULL) {
		if (*i + 1 >= argc)
			return cli_fail(CLI_USAGE, "%s: the value is missing", option->form);
		value = argv[++*i];
	}
	if (option->option == CLI_USER && cli->user_count < CLI_USERS_MAX)
		; /* as often as one likes */
	else if (cli_has(cli, option->option) && option->has_value)
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
