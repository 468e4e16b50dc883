/* key secret, list, disable. Secrets come from a terminal or a pipe, go to the daemon
 * as an open file, and are wiped. */
#include "cli/answer.h"
#include "cli/import.h"
#include "cli/keyask.h"
#include "cli/keyline.h"
#include "cli/mappings.h"
#include "cli/sealed.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/verb.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PAGES_MAX 100000 /* of `key list`: a daemon that never ends its list */

static int
cannot_read(const char *what, int err)
{
	if (err == -ENOTTY)
		return cli_fail(
		    CLI_USAGE, "%s: there is no terminal to ask on (see --stdin)", what);
	if (err == -ENODATA || err == -EINVAL)
		return cli_fail(CLI_USAGE, "%s: nothing was entered", what);
	return cli_fail(CLI_USAGE, "%s: %s", what, strerror(-err));
}

/* Both secrets from the terminal. 0 or an exit status. */
static int
ask_secrets(struct secret *private_id, struct secret *aes_key)
{
	int err = terminal_ask("Private id (12 hex digits): ", private_id);

	if (err < 0)
		return cannot_read("private id", err);
	err = terminal_ask("AES key (32 hex digits): ", aes_key);
	return err < 0 ? cannot_read("AES key", err) : 0;
}

/* Both secrets from one line of standard input. 0 or an exit status. */
static int
read_secrets(struct secret *private_id, struct secret *aes_key)
{
	struct secret line;
	char *comma;
	int err = terminal_read_line(STDIN_FILENO, &line);

	if (err < 0)
		return cannot_read("standard input", err);
	comma = strchr((char *)line.bytes, ',');
	err = comma != NULL ? secret_new(private_id, line.len) : -EBADMSG;
	if (err == 0)
		err = secret_new(aes_key, line.len);
	if (err == 0) {
		memcpy(private_id->bytes, line.bytes, (size_t)(comma - (char *)line.bytes));
		memcpy(aes_key->bytes, comma + 1, strlen(comma + 1));
	}
	secret_free(&line);
	if (err == -EBADMSG)
		return cli_fail(CLI_USAGE, "standard input: not one line \"privateid,aeskey\"");
	return err < 0 ? cannot_read("standard input", err) : 0;
}

static int
add(const struct cli *cli, const char *private_id, const char *aes_key)
{
	struct sealed sealed = SEALED_NONE;
	struct secret line = {0};
	int err, status;

	if (!keyline_is_private_id(private_id))
		return cli_fail(CLI_USAGE, "the private id is not 12 hexadecimal digits");
	if (!keyline_is_aes_key(aes_key))
		return cli_fail(CLI_USAGE, "the AES key is not 32 hexadecimal digits");
	err = keyline_make(&line, cli->words[0], private_id, aes_key, time(NULL));
	if (err == 0)
		err = sealed_from(&sealed, line.bytes, line.len);
	secret_free(&line);
	status = err < 0
		     ? cli_fail(CLI_SOFTWARE, "%s", strerror(-err))
		     : import_send(cli, "standard input", sealed.fd, cli_has(cli, CLI_DRY_RUN));
	sealed_free(&sealed);
	return status;
}

int
verb_key_secret(struct cli *cli)
{
	struct secret private_id = {0}, aes_key = {0};
	int status;

	if (!keyline_is_public_id(cli->words[0]))
		return cli_fail(
		    CLI_USAGE, "%s: a public id is 2 to 32 modhex characters", cli->words[0]);
	status = cli_has(cli, CLI_STDIN) ? read_secrets(&private_id, &aes_key)
					 : ask_secrets(&private_id, &aes_key);
	if (status == 0)
		status = add(cli, (const char *)private_id.bytes, (const char *)aes_key.bytes);
	secret_free(&private_id);
	secret_free(&aes_key);
	return status;
}

/* Moves the page's rows to the end of all. */
static int
append(struct rows *all, const struct rows *page)
{
	for (size_t i = 0; i < page->count; i++) {
		struct rows_row *row = rows_add(all);
		if (row == NULL)
			return -ENOMEM;
		for (size_t j = 0; j < page->rows[i].count; j++)
			if (rows_put(row, page->rows[i].pairs[j].key,
				page->rows[i].pairs[j].value) < 0)
				return -ENOMEM;
	}
	return 0;
}

/* One page behind *after; then *after is its last key. 1 when more follow, 0, or
 * -1 and *status says what to end with. */
static int
list_page(const struct cli *cli, struct rows *all, char *after, size_t cap, int *status)
{
	int more = -1;
	struct ask ask;
	const char *last;

	ask_begin(&ask, PROTO_ADMIN_KEYS_LIST);
	wire_put_str(&ask.out, after);
	*status = ask_daemon(cli, &ask);
	if (*status != 0)
		goto out;
	if (ask.status != CLI_OK) {
		*status = answer_print(cli, &ask, table_print);
		goto out;
	}
	last = ask.rows.count > 0 ? rows_value(&ask.rows.rows[ask.rows.count - 1], "key") : "";
	more = strcmp(ask.text, "more") == 0 && *last != '\0' && strcmp(last, after) != 0;
	snprintf(after, cap, "%s", last);
	if (append(all, &ask.rows) < 0) {
		*status = cli_fail(CLI_SOFTWARE, "out of memory");
		more = -1;
	}
out:
	ask_free(&ask);
	return more;
}

/* Whose each is; only those of one user, if one was named. */
static int
finish_list(const struct rows *all, const struct keys *keys, const char *user, struct rows *out)
{
	for (size_t i = 0; i < all->count; i++) {
		const char *id = rows_value(&all->rows[i], "key");
		const struct keys_user *owner = mappings_owner(keys, id);
		struct rows_row *row;
		if (user != NULL && (owner == NULL || strcmp(owner->name, user) != 0))
			continue;
		row = rows_add(out);
		if (row == NULL)
			return -ENOMEM;
		for (size_t j = 0; j < all->rows[i].count; j++)
			if (rows_put(row, all->rows[i].pairs[j].key,
				all->rows[i].pairs[j].value) < 0)
				return -ENOMEM;
		if (rows_put(row, "user", owner != NULL ? owner->name : "") < 0)
			return -ENOMEM;
	}
	return 0;
}

int
verb_key_list(struct cli *cli)
{
	char after[PROTO_PUBLIC_ID_MAX + 1] = "";
	struct rows all = {0}, out = {0};
	struct keys keys = {0};
	int status = mappings_load(cli, &keys), more = 1;

	if (status != 0)
		return status;
	for (int page = 0; more == 1 && page < PAGES_MAX; page++)
		more = list_page(cli, &all, after, sizeof(after), &status);
	if (more >= 0 &&
	    finish_list(&all, &keys, cli->word_count > 0 ? cli->words[0] : NULL, &out) < 0)
		status = cli_fail(CLI_SOFTWARE, "out of memory");
	else if (more >= 0)
		status = answer_rows(cli, &out, table_print);
	rows_free(&all);
	rows_free(&out);
	keys_free(&keys);
	return status;
}

/* A message with the key's id alone. */
static int
ask_about_key(struct cli *cli, uint8_t type)
{
	char id[PROTO_PUBLIC_ID_MAX + 1];
	struct ask ask;
	int status = keyask_id(cli->words[0], id);

	if (status != 0)
		return status;
	ask_begin(&ask, type);
	wire_put_str(&ask.out, id);
	if (type == PROTO_ADMIN_KEYS_ADD_API)
		wire_put_str(&ask.out, ""); /* no note */
	return answer_ask(cli, &ask, table_print_values);
}

int
verb_key_disable(struct cli *cli)
{
	return ask_about_key(cli, PROTO_ADMIN_KEYS_DISABLE);
}

int
verb_key_api(struct cli *cli)
{
	return ask_about_key(cli, PROTO_ADMIN_KEYS_ADD_API);
}
