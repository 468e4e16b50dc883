/* sallyport, the admin's program: finds the verb and runs it. Wires only. */
#include "cli/cli.h"
#include "cli/answer.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "lib/version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int
no_such_verb(const struct cli *cli)
{
	const char *first = cli->word_count > 0 ? cli->words[0] : NULL;
	bool asks = cli_has(cli, CLI_HELP);

	if (first != NULL && verb_print_list(asks ? stdout : stderr, first) > 0)
		return asks ? CLI_OK : CLI_USAGE;
	if (first != NULL)
		return cli_fail(CLI_USAGE, "there is no verb %s (see: sallyport help)", first);
	verb_print_list(asks ? stdout : stderr, NULL);
	return asks ? CLI_OK : CLI_USAGE;
}

/* 0, or an exit status. */
static int
check_call(const struct cli *cli, const struct verb *verb)
{
	unsigned int foreign = options_foreign(cli, verb->options);

	if (foreign != 0)
		return cli_fail(CLI_USAGE, "%s does not take %s", verb->name,
		    options_form((enum cli_option)foreign));
	if (cli->word_count < verb->least || cli->word_count > verb->most)
		return cli_fail(
		    CLI_USAGE, "usage: sallyport %s %s", verb->name, verb->synopsis);
	if (verb->needs_root && geteuid() != 0)
		return cli_fail(CLI_NOPERM, "%s needs root", verb->name);
	return 0;
}

/* Runs a verb that writes a text, and gives the text as a JSON string. */
static int
run_for_json(struct cli *cli, const struct verb *verb)
{
	struct rows rows = {0};
	struct rows_row *row;
	char *text = NULL;
	size_t len = 0;
	int status = CLI_SOFTWARE, printed;

	cli->out = open_memstream(&text, &len);
	if (cli->out == NULL)
		return cli_fail(CLI_SOFTWARE, "%s", strerror(errno));
	status = verb->run(cli);
	if (fclose(cli->out) != 0)
		status = cli_fail(CLI_SOFTWARE, "out of memory");
	cli->out = stdout;
	row = rows_add(&rows);
	if (row == NULL || text == NULL || rows_put(row, "text", text) < 0)
		printed = cli_fail(CLI_SOFTWARE, "out of memory");
	else
		printed = answer_rows(cli, &rows, NULL);
	rows_free(&rows);
	free(text);
	return status != CLI_OK ? status : printed;
}

static int
run(struct cli *cli)
{
	size_t used;
	const struct verb *verb = verb_find(cli->words, cli->word_count, &used);
	int status;

	if (cli_has(cli, CLI_VERSION) && cli->word_count == 0) {
		puts("sallyport " SALLYPORT_VERSION);
		return CLI_OK;
	}
	if (verb == NULL)
		return no_such_verb(cli);
	cli->words += used;
	cli->word_count -= used;
	if (cli_has(cli, CLI_HELP)) {
		verb_print_help(stdout, verb);
		return CLI_OK;
	}
	status = check_call(cli, verb);
	if (status != 0)
		return status;
	return verb->is_text && cli_has(cli, CLI_JSON) ? run_for_json(cli, verb)
						       : verb->run(cli);
}

int
main(int argc, char **argv)
{
	struct cli cli = {.conf_path = SYSCONFDIR "/sallyport/sallyport.conf",
	    .socket_path = "/run/sallyport/admin.sock",
	    .out = stdout};
	const char **words = calloc((size_t)argc + 1, sizeof(*words));
	int status;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* key secrets pass through here */
	if (words == NULL)
		return cli_fail(CLI_SOFTWARE, "out of memory");
	status = options_take(&cli, argc, argv, words);
	if (status == 0)
		status = run(&cli);
	/* A full disk must not look like an empty list. */
	if (fflush(stdout) != 0 || ferror(stdout))
		status = cli_fail(CLI_SOFTWARE, "standard output: %s", strerror(errno));
	free(words);
	return status;
}
