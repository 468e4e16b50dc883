/* Where rows and last words go. */
#include "cli/answer.h"

#include "cli/json.h"
#include "cli/printable.h"

static int
no_memory(void)
{
	return cli_fail(CLI_SOFTWARE, "out of memory");
}

int
answer_rows(const struct cli *cli, const struct rows *rows, answer_form *form)
{
	if (!cli_has(cli, CLI_JSON))
		form(cli->out, rows);
	else if (json_print(cli->out, rows) < 0)
		return no_memory();
	return CLI_OK;
}

/* In JSON an answer that is nothing but words becomes a row of its own. */
static int
print_words_json(const struct cli *cli, const struct ask *ask)
{
	struct rows rows = {0};
	struct rows_row *row = rows_add(&rows);
	int status;

	if (row == NULL || rows_put(row, "message", ask->text) < 0)
		status = no_memory();
	else
		status = answer_rows(cli, &rows, NULL);
	rows_free(&rows);
	return status;
}

/* Several lines may come; how they end does not matter. */
static void
put_lines(FILE *out, const char *text)
{
	size_t len;

	while (*text != '\0') {
		if (*text == '\n') {
			fputc('\n', out);
			text++;
			if (*text == '\0')
				return;
			continue;
		}
		len = printable_char(text);
		if (len > 0)
			fwrite(text, 1, len, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
		text += len > 0 ? len : 1;
	}
	fputc('\n', out);
}

int
answer_print(const struct cli *cli, const struct ask *ask, answer_form *form)
{
	bool is_answer = ask->status == CLI_OK || ask->status == CLI_FINDING;
	bool is_json = cli_has(cli, CLI_JSON);
	int status = CLI_OK;

	if (is_json && is_answer && ask->rows.count == 0 && ask->text[0] != '\0')
		status = print_words_json(cli, ask);
	else if (is_answer || ask->rows.count > 0)
		status = answer_rows(cli, &ask->rows, form);
	if (!is_answer && ask->text[0] != '\0')
		fputs("sallyport: ", stderr);
	if (ask->text[0] != '\0' && (!is_answer || !is_json))
		put_lines(is_answer ? cli->out : stderr, ask->text);
	else if (ask->text[0] != '\0' && ask->rows.count > 0)
		put_lines(stderr, ask->text);
	return status != CLI_OK ? status : ask->status;
}

int
answer_ask(const struct cli *cli, struct ask *ask, answer_form *form)
{
	int status = ask_daemon(cli, ask);

	if (status == 0)
		status = answer_print(cli, ask, form);
	ask_free(ask);
	return status;
}
