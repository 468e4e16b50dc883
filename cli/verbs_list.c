/* list: once, or watched. */
#include "cli/answer.h"
#include "cli/rates.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "lib/io.h"
#include "lib/num.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WATCH_S   2
#define ANSWER_MS 5000 /* while it is watched */

struct list {
	struct cli *cli;
	const char *what;
	bool is_watched;
	struct rates rates;
};

/* What flows is told where it is watched: once, there is nothing to compare with. */
static int
add_rates(struct list *list, struct rows *rows)
{
	int err = 0;

	if (strcmp(list->what, "channels") != 0)
		return 0;
	if (list->is_watched)
		err = rates_add(&list->rates, rows, io_now_ms());
	if (err == 0 && !cli_has(list->cli, CLI_JSON))
		err = rates_to_read(rows);
	return err;
}

static int
ask(struct list *list, struct ask *question)
{
	ask_begin(question, PROTO_ADMIN_LIST);
	wire_put_str(&question->out, list->what);
	if (list->is_watched)
		question->timeout_ms = ANSWER_MS;
	return ask_daemon(list->cli, question);
}

static int
print(struct list *list, struct ask *answer)
{
	int status;

	if (add_rates(list, &answer->rows) < 0)
		return cli_fail(CLI_SOFTWARE, "out of memory");
	status = answer_print(list->cli, answer, table_print);
	if (status == CLI_OK && answer->rows.count == 0 && !cli_has(list->cli, CLI_JSON))
		fprintf(list->cli->out, "no %s\n", list->what);
	return status;
}

static int
list_once(struct list *list)
{
	struct ask question;
	int status = ask(list, &question);

	if (status == 0)
		status = print(list, &question);
	ask_free(&question);
	return status;
}

/* --- --watch ----------------------------------------------------------------------- */

/* Nothing is half written when this can come. */
static void
on_interrupt(int signal)
{
	(void)signal;
	_exit(CLI_OK);
}

/* ^C is how one leaves, and no failure. Who has it ignored keeps it so. */
static void
take_interrupts(void)
{
	const struct sigaction leave = {.sa_handler = on_interrupt};
	struct sigaction before;

	if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		(void)sigaction(SIGINT, &leave, NULL);
}

static void
hold_interrupts(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	(void)sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* On a terminal in place of what was there, else a block behind the other. */
static int
print_block(struct list *list, struct ask *answer, bool is_terminal)
{
	FILE *out = list->cli->out;
	int status;

	if (is_terminal)
		fputs("\033[H\033[2J", out);
	status = print(list, answer);
	if (!is_terminal && !cli_has(list->cli, CLI_JSON))
		fputc('\n', out);
	if (fflush(out) != 0)
		return cli_fail(CLI_SOFTWARE, "standard output could not be written");
	return status;
}

static int
watch(struct list *list, uint64_t pause_s)
{
	const struct timespec pause = {.tv_sec = (time_t)pause_s};
	bool is_terminal = isatty(fileno(list->cli->out)) == 1 && !cli_has(list->cli, CLI_JSON);
	int status = CLI_OK;

	take_interrupts();
	while (status == CLI_OK) {
		struct ask question;

		status = ask(list, &question);
		hold_interrupts(true);
		if (status == 0)
			status = print_block(list, &question, is_terminal);
		ask_free(&question);
		hold_interrupts(false);
		if (status == CLI_OK)
			nanosleep(&pause, NULL);
	}
	return status;
}

int
verb_list(struct cli *cli)
{
	struct list list = {.cli = cli, .is_watched = cli_has(cli, CLI_WATCH)};
	uint64_t pause_s = WATCH_S;
	int status;

	list.what = cli->words[0];
	if (cli->word_count == 2 &&
	    (!list.is_watched || num_parse(cli->words[1], 1, 86400, &pause_s) < 0))
		return cli_fail(CLI_USAGE, "list %s: %s is not a number of seconds for --watch",
		    list.what, cli->words[1]);
	status = list.is_watched ? watch(&list, pause_s) : list_once(&list);
	rates_free(&list.rates);
	return status;
}
