/* key recover: a restored store learns from the log, then both are declared to agree. */
#include "cli/answer.h"
#include "cli/import.h"
#include "cli/recovered.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/num.h"

#include <errno.h>
#include <string.h>

#define LOG "/var/log/sallyport/audit.jsonl"

static int
ask_state(const struct cli *cli, struct ask *ask, bool do_it)
{
	int status;

	ask_begin(ask, PROTO_ADMIN_KEYS_RECOVER);
	wire_put_u8(&ask->out, do_it ? 1 : 0);
	status = ask_daemon(cli, ask);
	if (status == 0 && (ask->status != CLI_OK || ask->rows.count == 0)) {
		status = answer_print(cli, ask, table_print_list);
		status = status != 0 ? status : CLI_UNAVAILABLE;
	}
	if (status != 0)
		ask_free(ask);
	return status;
}

static uint64_t
number(const struct ask *ask, const char *key)
{
	uint64_t value = 0;

	(void)num_parse(rows_value(&ask->rows.rows[0], key), 0, UINT64_MAX, &value);
	return value;
}

static bool
is_yes(const struct ask *ask, const char *key)
{
	return strcmp(rows_value(&ask->rows.rows[0], key), "yes") == 0;
}

/* The log, or the files that were named. */
static int
read_logs(const struct cli *cli, struct recovered *r)
{
	int status = cli->word_count == 0 ? recovered_read(r, LOG) : 0;

	for (size_t i = 0; status == 0 && i < cli->word_count; i++)
		status = recovered_read(r, cli->words[i]);
	if (status != 0)
		return status;
	fprintf(cli->out,
	    "The log has %llu of the %llu OTPs on record that the store does not know, of "
	    "%zu keys.\n",
	    (unsigned long long)r->seen, (unsigned long long)(r->upto - r->above),
	    r->key_count);
	if (r->seen < r->upto - r->above)
		fputs("Missing ones may stand in older files of the log: name them all. An OTP "
		      "whose\nrecord is missing could be used once more.\n",
		    cli->out);
	for (size_t i = 0; i < r->user_count; i++)
		fprintf(cli->out, "%s used a recovery code: all of his will be taken away.\n",
		    r->users[i]);
	return 0;
}

static int
drop_codes(const struct cli *cli, const char *user)
{
	struct ask ask;

	ask_begin(&ask, PROTO_ADMIN_KEYS_CODES);
	wire_put_str(&ask.out, user);
	wire_put_u8(&ask.out, 0);
	return answer_ask(cli, &ask, table_print_values);
}

/* Raises the counters of a store that is old, and voids codes. */
static int
catch_up(const struct cli *cli, const struct recovered *r, bool is_dry)
{
	struct sealed sealed;
	int status = 0, err = recovered_seal(r, &sealed);

	if (err == 0)
		status = import_send(cli, "the log", sealed.fd, is_dry);
	else if (err != -EINVAL)
		status = cli_fail(CLI_SOFTWARE, "%s", strerror(-err));
	sealed_free(&sealed);
	for (size_t i = 0; !is_dry && status == 0 && i < r->user_count; i++)
		status = drop_codes(cli, r->users[i]);
	return status;
}

static int
confirm(const struct cli *cli)
{
	int yes = cli_has(cli, CLI_YES);

	if (yes)
		return 0;
	yes = terminal_confirm("Declare that store and log agree from here on? [y/N] ");
	if (yes < 0)
		return cli_fail(CLI_USAGE, "there is no terminal to confirm on (see --yes)");
	return yes ? 0 : cli_fail(CLI_FINDING, "nothing was changed");
}

static int
declare(const struct cli *cli)
{
	struct ask ask;
	int status = ask_state(cli, &ask, true);

	if (status != 0)
		return status;
	ask_free(&ask);
	fputs("Store and log agree; OTPs are accepted again.\n", cli->out);
	return CLI_OK;
}

int
verb_key_recover(struct cli *cli)
{
	struct recovered r = {0};
	struct ask ask;
	bool is_old, is_cut;
	int status = ask_state(cli, &ask, false);

	if (status != 0)
		return status;
	is_old = is_yes(&ask, "store_is_old");
	is_cut = is_yes(&ask, "log_is_cut");
	status = answer_rows(cli, &ask.rows, table_print_list);
	r.above = number(&ask, "store_seq");
	r.upto = number(&ask, "store_seq_on_record");
	ask_free(&ask);
	if (status != 0 || (!is_old && !is_cut))
		return status;
	if (r.upto > r.above)
		status = read_logs(cli, &r);
	if (status == 0 && r.upto > r.above)
		status = catch_up(cli, &r, true);
	if (status == 0 && !cli_has(cli, CLI_DRY_RUN)) {
		status = confirm(cli);
		if (status == 0 && r.upto > r.above)
			status = catch_up(cli, &r, false);
		if (status == 0)
			status = declare(cli);
	}
	recovered_free(&r);
	return status;
}
