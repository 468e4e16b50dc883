/* audit show, audit verify, audit anchor. */
#include "cli/audit_files.h"
#include "cli/audit_show.h"
#include "cli/audit_verify.h"
#include "cli/verb.h"

#include <errno.h>

#define AUDIT_PATH AUDIT_FOLDER "/audit.jsonl"

static const char *
path_of(const struct cli *cli)
{
	return cli->word_count > 0 ? cli->words[0] : AUDIT_PATH;
}

int
verb_audit_show(struct cli *cli)
{
	int err = audit_show(path_of(cli), cli_has(cli, CLI_JSON), cli->out);

	if (err == -EBADMSG)
		return cli_fail(
		    CLI_FINDING, "%s: not all of its lines are records", path_of(cli));
	return err < 0 ? cli_cannot_read(path_of(cli), err) : CLI_OK;
}

/* The files that were named, or all. */
static int
find_files(const struct cli *cli, struct audit_files *files)
{
	int err = cli->word_count > 0 ? audit_files_take(cli->words, cli->word_count, files)
				      : audit_files_find(AUDIT_FOLDER, files);

	return err < 0 ? cli_cannot_read(AUDIT_FOLDER, err) : 0;
}

/* It says itself what it found, unreadable files included. Nothing but a log that
 * was looked at and is not whole is a finding. */
int
verb_audit_verify(struct cli *cli)
{
	struct anchors anchors = {0};
	struct audit_files files = {0};
	int err = 0, status;

	/* The anchors first: what comes later is no record that is missing. */
	if (cli->anchor != NULL)
		err = audit_anchor_read(cli->anchor, &anchors, cli->out);
	status = err < 0 ? CLI_UNAVAILABLE : find_files(cli, &files);
	if (status == 0) {
		err = audit_verify_all(&files, cli->anchor != NULL ? &anchors : NULL, cli->out);
		status = err == -EACCES    ? CLI_NOPERM
			 : err == -EBADMSG ? CLI_FINDING
			 : err < 0         ? CLI_UNAVAILABLE
					   : CLI_OK;
	}
	audit_files_free(&files);
	audit_anchor_free(&anchors);
	return status;
}

int
verb_audit_anchor(struct cli *cli)
{
	struct audit_files files = {0};
	int status = find_files(cli, &files), err;

	if (status == 0) {
		err = audit_verify_anchor(&files, cli->out);
		if (err == -EBADMSG)
			status = cli_fail(CLI_FINDING, "the last line is not an audit record");
		else if (err < 0)
			status = cli_cannot_read(AUDIT_FOLDER, err);
	}
	audit_files_free(&files);
	return status;
}
