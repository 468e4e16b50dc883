/* disconnect, lock, unlock. */
#include "cli/answer.h"
#include "cli/table.h"
#include "cli/verb.h"

#define ALL "*" /* for the daemon: no user's name */

int
verb_disconnect(struct cli *cli)
{
	struct ask ask;

	ask_begin(&ask, PROTO_ADMIN_DISCONNECT);
	wire_put_str(&ask.out, cli->words[0]);
	return answer_ask(cli, &ask, table_print_values);
}

/* Begins the question with the user, or all; 0, or an exit status. *used: how many
 * words that took. */
static int
begin(struct cli *cli, struct ask *ask, uint8_t type, size_t *used)
{
	const char *verb = type == PROTO_ADMIN_LOCK ? "lock" : "unlock";

	*used = cli_has(cli, CLI_ALL) ? 0 : 1;
	if (cli->word_count < *used)
		return cli_fail(CLI_USAGE, "whom? sallyport %s USER, or --all", verb);
	ask_begin(ask, type);
	wire_put_str(&ask->out, *used == 0 ? ALL : cli->words[0]);
	return 0;
}

/* The words from the first on, with blanks between them; false when text is short. */
static bool
join(const struct cli *cli, size_t first, char *text, size_t cap)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = first; i < cli->word_count && used < cap; i++)
		used += (size_t)snprintf(
		    text + used, cap - used, "%s%s", i > first ? " " : "", cli->words[i]);
	return used < cap;
}

int
verb_lock(struct cli *cli)
{
	char reason[201];
	struct ask ask;
	size_t used;
	int status = begin(cli, &ask, PROTO_ADMIN_LOCK, &used);

	if (status != 0)
		return status;
	if (!join(cli, used, reason, sizeof(reason)))
		return cli_fail(
		    CLI_USAGE, "the reason is longer than %zu bytes", sizeof(reason) - 1);
	wire_put_str(&ask.out, reason);
	return answer_ask(cli, &ask, table_print_values);
}

int
verb_unlock(struct cli *cli)
{
	struct ask ask;
	size_t used;
	int status = begin(cli, &ask, PROTO_ADMIN_UNLOCK, &used);

	if (status != 0)
		return status;
	if (cli->word_count > used)
		return cli_fail(CLI_USAGE, "unlock takes a user or --all, not both");
	return answer_ask(cli, &ask, table_print_values);
}
