/* Small questions. */
#include "cli/keyask.h"

#include "cli/answer.h"
#include "cli/keyline.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "lib/ascii.h"
#include "lib/layout.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TOKEN_CHARS 32

int
keyask_id(const char *word, char id[PROTO_PUBLIC_ID_MAX + 1])
{
	size_t n = 0;

	if (!keyline_is_public_id(word))
		return cli_fail(
		    CLI_USAGE, "%s: a public id is 2 to 32 modhex characters", word);
	for (; word[n] != '\0'; n++)
		id[n] = ascii_lower(word[n]);
	id[n] = '\0';
	return 0;
}

int
keyask_otp(const struct cli *cli, const char *prompt, struct secret *otp)
{
	int err = cli_has(cli, CLI_STDIN) ? terminal_read_line(STDIN_FILENO, otp)
					  : terminal_ask(prompt, otp);

	if (err == -ENOTTY)
		return cli_fail(CLI_USAGE, "there is no terminal to ask on (see --stdin)");
	if (err < 0)
		return cli_fail(CLI_USAGE, "the OTP: %s",
		    err == -ENODATA ? "nothing was entered" : strerror(-err));
	return 0;
}

void
keyask_id_of(const struct secret *otp, char id[PROTO_PUBLIC_ID_MAX + 1])
{
	char modhex[PROTO_PUBLIC_ID_MAX + TOKEN_CHARS + 1], typed[PROTO_OTP_MAX + 1];
	const char *text = (const char *)otp->bytes;
	size_t n = 0;

	id[0] = '\0';
	for (; *text != '\0' && n < PROTO_OTP_MAX; text++)
		if (strchr(" \t\r\n", *text) == NULL)
			typed[n++] = ascii_lower(*text);
	typed[n] = '\0';
	if (n > TOKEN_CHARS && n < sizeof(modhex) && keyline_is_modhex(typed))
		memcpy(modhex, typed, n + 1);
	else
		n = 0;
	for (size_t i = 0; n == 0 && i < LAYOUT_COUNT; i++) {
		int len = layout_to_modhex(i, typed, strlen(typed), modhex, sizeof(modhex));
		n = len > TOKEN_CHARS ? (size_t)len : 0;
	}
	if (n > TOKEN_CHARS && n % 2 == 0) {
		memcpy(id, modhex, n - TOKEN_CHARS);
		id[n - TOKEN_CHARS] = '\0';
	}
	secret_wipe(modhex, sizeof(modhex));
	secret_wipe(typed, sizeof(typed));
}

/* The list begins behind a text; the one just before id, which no key can have, is its
 * last letter's neighbour: none of modhex stands between. */
int
keyask_state(const struct cli *cli, const char *id, char state[16])
{
	char before[PROTO_PUBLIC_ID_MAX + 1];
	size_t n = strlen(id);
	struct ask ask;
	int status;

	memcpy(before, id, n + 1);
	before[n - 1]--;
	state[0] = '\0';
	ask_begin(&ask, PROTO_ADMIN_KEYS_LIST);
	wire_put_str(&ask.out, before);
	status = ask_daemon(cli, &ask);
	if (status == 0 && ask.status != CLI_OK)
		status = answer_print(cli, &ask, table_print);
	for (size_t i = 0; status == 0 && i < ask.rows.count; i++)
		if (strcmp(rows_value(&ask.rows.rows[i], "key"), id) == 0)
			snprintf(state, 16, "%s", rows_value(&ask.rows.rows[i], "state"));
	ask_free(&ask);
	return status;
}

int
keyask_about(const struct cli *cli, enum proto_type type, const char *text)
{
	struct ask ask;

	ask_begin(&ask, type);
	wire_put_str(&ask.out, text);
	return answer_ask(cli, &ask, table_print_values);
}

int
keyask_try(const struct cli *cli, struct ask *ask, const char *user, const char *id,
    const struct secret *otp)
{
	int status;

	ask_begin(ask, PROTO_ADMIN_KEYS_TEST);
	wire_put_str(&ask->out, user);
	wire_put_str(&ask->out, id);
	wire_put_str(&ask->out, (const char *)otp->bytes);
	status = ask_daemon(cli, ask);
	secret_wipe(ask->buf, sizeof(ask->buf));
	if (status == 0 && ask->rows.count == 0)
		status = answer_print(cli, ask, table_print_values);
	if (status != 0)
		ask_free(ask);
	return status;
}
