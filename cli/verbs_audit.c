/* audit show, audit verify. */
#include "cli/audit_show.h"
#include "cli/audit_verify.h"
#include "cli/verb.h"

#include <errno.h>
#include <string.h>

#define AUDIT_PATH "/var/log/sallyport/audit.jsonl"

static const char *
path_of(const struct cli *cli)
{
	return cli->word_count > 0 ? cli->words[0] : AUDIT_PATH;
}

static int
cannot_read(const struct cli *cli, int err)
{
	return cli_fail(
	    err == -EACCES ? CLI_NOPERM : CLI_FINDING, "%s: %s", path_of(cli), strerror(-err));
}

int
verb_audit_show(struct cli *cli)
{
	int err = audit_show(path_of(cli), cli_has(cli, CLI_JSON), cli->out);

	if (err == -EBADMSG)
		return cli_fail(
		    CLI_FINDING, "%s: not all of its lines are records", path_of(cli));
	return err < 0 ? cannot_read(cli, err) : CLI_OK;
}

/* It says itself what it found, unreadable files included. */
int
verb_audit_verify(struct cli *cli)
{
	int err = audit_verify(path_of(cli), cli->out);

	if (err == -EACCES)
		return CLI_NOPERM;
	return err < 0 ? CLI_FINDING : CLI_OK;
}
