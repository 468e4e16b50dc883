/* key enable, lost, codes: the days when something went wrong. */
#include "cli/answer.h"
#include "cli/keyask.h"
#include "cli/keyline.h"
#include "cli/mappings.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "lib/num.h"

#include <string.h>

#define COUNT     "8"
#define COUNT_MAX 20

int
verb_key_enable(struct cli *cli)
{
	char id[PROTO_PUBLIC_ID_MAX + 1];
	int status = keyask_id(cli->words[0], id);

	return status == 0 ? keyask_about(cli, PROTO_ADMIN_KEYS_ENABLE, id) : status;
}

static int
disable(const struct cli *cli, const char *id)
{
	int status = keyask_about(cli, PROTO_ADMIN_KEYS_DISABLE, id);

	if (status == 0)
		fprintf(cli->out, "key %s is disabled\n", id);
	return status;
}

static void
advise(const struct cli *cli, const char *user)
{
	fprintf(cli->out,
	    "Now: a new key (sallyport key enroll %s); until it is there, recovery codes\n"
	    "(sallyport key codes %s). If the SSH key may be lost, too: take it out of his\n"
	    "authorized_keys. The lost key's line may stay in yubikey_mappings.\n",
	    user, user);
}

/* All keys of a user, or one key; a bare word is a user if there is one of that name. */
int
verb_key_lost(struct cli *cli)
{
	const char *word = cli->words[0];
	char id[PROTO_PUBLIC_ID_MAX + 1] = "";
	const struct keys_user *user;
	struct keys keys;
	int worst = 0, status = mappings_load(cli, &keys);

	if (status != 0)
		return status;
	user = keys_find(&keys, word);
	if (user == NULL && keyline_is_public_id(word)) {
		worst = keyask_id(word, id);
		user = mappings_owner(&keys, id);
		if (worst == 0)
			worst = disable(cli, id);
	} else if (user == NULL) {
		worst = cli_fail(CLI_FINDING, "%s: neither a user with a key nor a key", word);
	}
	for (uint32_t i = 0; user != NULL && id[0] == '\0' && i < user->count; i++) {
		status = disable(cli, user->ids[i]);
		worst = status > worst ? status : worst;
	}
	if (user != NULL) {
		status = keyask_about(cli, PROTO_ADMIN_DISCONNECT, user->name);
		worst = status > worst ? status : worst;
		advise(cli, user->name);
	}
	keys_free(&keys);
	return worst;
}

int
verb_key_codes(struct cli *cli)
{
	const char *user = cli->words[0];
	const char *count_text = cli->count != NULL ? cli->count : COUNT;
	struct keys keys;
	struct ask ask;
	uint64_t count;
	int status;

	if (num_parse(count_text, 0, COUNT_MAX, &count) < 0)
		return cli_fail(
		    CLI_USAGE, "--count %s: a number from 0 to %d", count_text, COUNT_MAX);
	status = mappings_load(cli, &keys);
	if (status != 0)
		return status;
	if (count > 0 && keys_find(&keys, user) == NULL)
		status = cli_fail(CLI_FINDING,
		    "%s has no key in yubikey_mappings, and is not asked without", user);
	keys_free(&keys);
	if (status != 0)
		return status;
	ask_begin(&ask, PROTO_ADMIN_KEYS_CODES);
	wire_put_str(&ask.out, user);
	wire_put_u8(&ask.out, (uint8_t)count);
	status = answer_ask(cli, &ask, table_print_values);
	if (status == CLI_OK)
		fprintf(stderr,
		    count > 0
			? "Each lets %s in once, at the prompt for the YubiKey. They are not "
			  "shown again;\nolder codes are void.\n"
			: "%s has no recovery codes any more.\n",
		    user);
	return status;
}
