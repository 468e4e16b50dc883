/* key enroll, add, test: a key becomes a user's. */
#include "cli/answer.h"
#include "cli/keyask.h"
#include "cli/mappings.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/verb.h"

#include <signal.h>
#include <string.h>

static int
reload(const struct cli *cli)
{
	struct ask ask;
	int status;

	ask_begin(&ask, PROTO_ADMIN_RELOAD);
	wire_put_u8(&ask.out, 0);
	status = answer_ask(cli, &ask, table_print_values);
	if (status != 0)
		cli_fail(CLI_FINDING,
		    "yubikey_mappings is written, but not loaded: mend what is "
		    "said above, then sallyport reload");
	return status;
}

/* May the key become the user's? 0; 1: it is his already; else an exit status. */
static int
check_owner(const struct cli *cli, const char *user, const char *id, bool *is_his)
{
	const struct keys_user *owner;
	struct keys keys;
	int status = mappings_load(cli, &keys);

	*is_his = false;
	if (status != 0)
		return status;
	owner = mappings_owner(&keys, id);
	if (owner != NULL && strcmp(owner->name, user) != 0)
		status = cli_fail(CLI_FINDING, "key %s is that of %s", id, owner->name);
	*is_his = owner != NULL && status == 0;
	keys_free(&keys);
	return status;
}

/* *is_mapped: the line is there, whatever the status. */
static int
map(const struct cli *cli, const char *user, const char *id, bool *is_mapped)
{
	int status = check_owner(cli, user, id, is_mapped);

	if (status == 0 && *is_mapped) {
		fprintf(cli->out, "key %s is %s's already\n", id, user);
		return CLI_OK;
	}
	if (status == 0)
		status = mappings_add(cli, user, id);
	if (status != 0)
		return status;
	*is_mapped = true;
	fprintf(cli->out, "key %s is %s's\n", id, user);
	return reload(cli);
}

int
verb_key_add(struct cli *cli)
{
	char id[PROTO_PUBLIC_ID_MAX + 1], state[16];
	bool is_mapped;
	int status = keyask_id(cli->words[1], id);

	if (status == 0)
		status = keyask_state(cli, id, state);
	if (status != 0)
		return status;
	if (state[0] == '\0')
		return cli_fail(CLI_FINDING,
		    "key %s is not in the store: import it first (or: sallyport key enroll %s)",
		    id, cli->words[0]);
	if (strcmp(state, "active") != 0)
		return cli_fail(CLI_FINDING, "key %s is %s", id, state);
	return map(cli, cli->words[0], id, &is_mapped);
}

int
verb_key_test(struct cli *cli)
{
	const char *user = cli->word_count > 0 ? cli->words[0] : "";
	char id[PROTO_PUBLIC_ID_MAX + 1] = "";
	const struct keys_user *owner = NULL;
	struct secret otp = {0};
	struct keys keys = {0};
	struct ask ask;
	int status = keyask_otp(cli, "Press the YubiKey: ", &otp);

	if (status == 0 && user[0] == '\0')
		keyask_id_of(&otp, id); /* any key of the store will do */
	if (status == 0)
		status = keyask_try(cli, &ask, user, id, &otp);
	secret_free(&otp);
	if (status != 0)
		return status;
	if (mappings_load(cli, &keys) == 0 && ask.rows.count > 0)
		owner = mappings_owner(&keys, rows_value(&ask.rows.rows[0], "key"));
	if (ask.rows.count > 0)
		(void)rows_put(&ask.rows.rows[0], "user", owner != NULL ? owner->name : "");
	status = answer_print(cli, &ask, table_print_list);
	keys_free(&keys);
	ask_free(&ask);
	return status;
}

/* --- enroll -------------------------------------------------------------------- */

/* One OTP of the key, tried: 0 and its verdict's word in result; else an exit status. */
static int
try_one(const struct cli *cli, const char *user, const char *id, const struct secret *otp,
    char *result, size_t cap)
{
	struct ask ask;
	int status = keyask_try(cli, &ask, user, id, otp);

	if (status != 0)
		return status;
	snprintf(result, cap, "%s", rows_value(&ask.rows.rows[0], "result"));
	if (strcmp(result, "good") != 0 && strcmp(result, "unknown") != 0)
		status = cli_fail(
		    CLI_FINDING, "not accepted: %s", rows_value(&ask.rows.rows[0], "text"));
	ask_free(&ask);
	return status;
}

/* The key is not in the store: then a validation service must know it. 0 when it may be
 * asked; else an exit status. */
static int
confirm_api(const struct cli *cli, const char *id)
{
	int is_yes = cli_has(cli, CLI_YES);

	fprintf(stderr, "key %s is not in the store.\n", id);
	if (!is_yes)
		is_yes = terminal_confirm(
		    "Ask the validation service for its OTPs from now on? [y/N] ");
	return is_yes > 0
		   ? 0
		   : cli_fail(CLI_FINDING,
			 "import its secret first, or let a validation service vouch (--yes)");
}

/* The first OTP: says which key it is, and that it is good, or (*is_new) that only a
 * validation service can tell. */
static int
first_press(const struct cli *cli, const char *user, char id[PROTO_PUBLIC_ID_MAX + 1],
    struct secret *otp, bool *is_new)
{
	bool is_his = false;
	char result[16] = "";
	int status = keyask_otp(cli, "Press the YubiKey: ", otp);

	if (status != 0)
		return status;
	keyask_id_of(otp, id);
	if (id[0] == '\0')
		status = cli_fail(CLI_USAGE, "that was not a one-time password of a YubiKey");
	if (status == 0)
		status = check_owner(cli, user, id, &is_his);
	if (status == 0)
		status = try_one(cli, user, id, otp, result, sizeof(result));
	*is_new = strcmp(result, "unknown") == 0;
	return status == 0 && *is_new ? confirm_api(cli, id) : status;
}

/* The second, of the same key. */
static int
second_press(const struct cli *cli, const char *id, struct secret *otp)
{
	char again[PROTO_PUBLIC_ID_MAX + 1];
	int status = keyask_otp(cli, "And once more:     ", otp);

	if (status != 0)
		return status;
	keyask_id_of(otp, again);
	if (strcmp(id, again) != 0)
		status = cli_fail(CLI_FINDING, "that was another key: %s, not %s",
		    again[0] != '\0' ? again : "none", id);
	return status;
}

static int
try_good(const struct cli *cli, const char *user, const char *id, const struct secret *otp)
{
	char result[16] = "";
	int status = try_one(cli, user, id, otp, result, sizeof(result));

	if (status == 0 && strcmp(result, "good") != 0)
		status = cli_fail(CLI_FINDING, "not accepted: %s", result);
	return status;
}

static int
add_api(const struct cli *cli, const char *id)
{
	struct ask ask;

	ask_begin(&ask, PROTO_ADMIN_KEYS_ADD_API);
	wire_put_str(&ask.out, id);
	wire_put_str(&ask.out, "");
	return answer_ask(cli, &ask, table_print_values);
}

/* Both OTPs are there, and nobody is asked any more: the key is added, both are sent
 * to the service in their order, and if either is not good, nothing is left behind.
 * Ctrl-C waits for that. */
static int
enroll_api(const struct cli *cli, const char *user, const char *id, const struct secret *first,
    const struct secret *second)
{
	sigset_t ending, before;
	int status;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigaddset(&ending, SIGQUIT);
	sigaddset(&ending, SIGTSTP);
	sigprocmask(SIG_BLOCK, &ending, &before);
	status = add_api(cli, id);
	if (status == 0) {
		bool is_mapped = false;
		status = try_good(cli, user, id, first);
		if (status == 0)
			status = try_good(cli, user, id, second);
		if (status == 0)
			status = map(cli, user, id, &is_mapped);
		if (status != 0 && !is_mapped &&
		    keyask_about(cli, PROTO_ADMIN_KEYS_DROP_API, id) != 0)
			cli_fail(CLI_FINDING,
			    "key %s may still be in the store (sallyport key list)", id);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

int
verb_key_enroll(struct cli *cli)
{
	const char *user = cli->words[0];
	struct secret first = {0}, second = {0};
	char id[PROTO_PUBLIC_ID_MAX + 1] = "";
	bool is_new = false, is_mapped;
	int status = first_press(cli, user, id, &first, &is_new);

	if (status == 0)
		status = second_press(cli, id, &second);
	if (status == 0 && is_new)
		status = enroll_api(cli, user, id, &first, &second);
	else if (status == 0) {
		/* Newer than the first, or the store refuses it. */
		status = try_good(cli, user, id, &second);
		if (status == 0)
			status = map(cli, user, id, &is_mapped);
	}
	secret_free(&first);
	secret_free(&second);
	return status;
}
