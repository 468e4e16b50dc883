/* The verbs that are a question to the daemon. */
#include "cli/answer.h"
#include "cli/at.h"
#include "cli/explained.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "cli/walls.h"

#include <errno.h>
#include <time.h>

int
verb_help(struct cli *cli)
{
	size_t used;
	const struct verb *verb;

	if (cli->word_count == 0) {
		verb_print_list(cli->out, NULL);
		return CLI_OK;
	}
	verb = verb_find(cli->words, cli->word_count, &used);
	if (verb != NULL)
		verb_print_help(cli->out, verb);
	else if (verb_print_list(cli->out, cli->words[0]) == 0)
		return cli_fail(CLI_USAGE, "there is no verb %s", cli->words[0]);
	return CLI_OK;
}

int
verb_status(struct cli *cli)
{
	char text[WALLS_TEXT_MAX];
	struct ask ask;
	int status;

	ask_begin(&ask, PROTO_ADMIN_STATUS);
	status = ask_daemon(cli, &ask);
	if (status == 0) {
		(void)walls_try(text);
		if (ask.rows.count == 0 || rows_put(&ask.rows.rows[0], "files", text) == 0)
			status = answer_print(cli, &ask, table_print_list);
		else
			status = cli_fail(CLI_SOFTWARE, "out of memory");
	}
	ask_free(&ask);
	return status;
}

int
verb_show(struct cli *cli)
{
	struct ask ask;

	ask_begin(&ask, PROTO_ADMIN_SHOW);
	return answer_ask(cli, &ask, table_print);
}

/* What is wrong, line by line; or a table of what ends. */
static void
print_reload(FILE *out, const struct rows *rows)
{
	if (rows->count > 0 && *rows_value(&rows->rows[0], "message") != '\0')
		table_print_values(out, rows);
	else
		table_print(out, rows);
}

int
verb_reload(struct cli *cli)
{
	unsigned int flags =
	    (cli_has(cli, CLI_DRY_RUN) ? 1u : 0u) | (cli_has(cli, CLI_FORCE) ? 2u : 0u);
	struct ask ask;

	ask_begin(&ask, PROTO_ADMIN_RELOAD);
	wire_put_u8(&ask.out, (uint8_t)flags);
	return answer_ask(cli, &ask, print_reload);
}

/* 0 and *at; else an exit status. */
static int
read_at(const struct cli *cli, time_t *at)
{
	int err = cli->at != NULL ? at_parse(cli->at, time(NULL), at) : 0;

	if (err == -ERANGE)
		return cli_fail(CLI_USAGE, "--at %s: there is no such time", cli->at);
	if (err < 0)
		return cli_fail(CLI_USAGE,
		    "--at %s: not like \"Wed 10:00\", \"10:00\" or \"2026-11-25 10:00\"",
		    cli->at);
	return 0;
}

int
verb_explain(struct cli *cli)
{
	struct ask ask;
	time_t at = 0;
	int status = read_at(cli, &at);

	if (status != 0)
		return status;
	ask_begin(&ask, PROTO_ADMIN_EXPLAIN);
	for (size_t i = 0; i < 3; i++)
		wire_put_str(&ask.out, cli->words[i]);
	wire_put_u64(&ask.out, (uint64_t)at);
	return answer_ask(cli, &ask, explained_print);
}
