/* log, report. */
#include "cli/answer.h"
#include "cli/audit_show.h"
#include "cli/log_read.h"
#include "cli/summary.h"
#include "cli/table.h"
#include "cli/verb.h"

#include <errno.h>
#include <time.h>

#define LAST 10 /* records that log -f begins with */

struct printing {
	struct cli *cli;
	bool has_bad;
};

static int
print(void *arg, const struct audit_record *record, const char *line, size_t len)
{
	struct printing *p = arg;

	if (line == NULL)
		return fflush(p->cli->out) != 0 ? -EIO : 0;
	p->has_bad =
	    audit_show_line(p->cli->out, cli_has(p->cli, CLI_JSON), record, line, len) < 0 ||
	    p->has_bad;
	return ferror(p->cli->out) ? -EIO : 0;
}

/* Reads all files. A status; unreadable files were said. */
static int
read_all(const struct log_filter *filter, log_read_fn *fn, void *arg)
{
	struct audit_files files;
	const char *path = AUDIT_FOLDER;
	int err = audit_files_find(AUDIT_FOLDER, &files), status = CLI_OK;

	if (err == 0)
		err = log_read_all(&files, filter, fn, arg, &path);
	if (err < 0)
		status = cli_cannot_read(path, err);
	audit_files_free(&files);
	return status;
}

int
verb_log(struct cli *cli)
{
	struct printing printing = {.cli = cli};
	struct log_filter filter;
	int status = log_filter_begin(&filter, cli, time(NULL));
	int err;

	if (status != 0)
		return status;
	if (!cli_has(cli, CLI_FOLLOW) || filter.since[0] != '\0')
		status = read_all(&filter, print, &printing);
	if (status == CLI_OK && cli_has(cli, CLI_FOLLOW)) {
		err = log_read_follow(AUDIT_FOLDER, filter.since[0] != '\0' ? 0 : LAST, &filter,
		    print, &printing);
		status = cli_cannot_read(AUDIT_FOLDER, err);
	}
	if (status == CLI_OK && printing.has_bad)
		status = cli_fail(CLI_FINDING, "not all lines are records (see: audit verify)");
	return status;
}

static int
count(void *arg, const struct audit_record *record, const char *line, size_t len)
{
	(void)line;
	(void)len;
	return record == NULL ? 0 : summary_add(arg, record);
}

int
verb_report(struct cli *cli)
{
	struct summary summary = {0};
	struct rows rows = {0};
	struct log_filter filter;
	int status = log_filter_begin(&filter, cli, time(NULL));

	if (status == 0 && cli->log.by != NULL &&
	    summary_parse_by(cli->log.by, &summary.by) < 0)
		status = cli_fail(CLI_USAGE, "--by: there are user, vm and day");
	if (status == 0)
		status = read_all(&filter, count, &summary);
	if (status == CLI_OK && summary_rows(&summary, &rows) < 0)
		status = cli_fail(CLI_SOFTWARE, "out of memory");
	if (status == CLI_OK)
		status = answer_rows(cli, &rows, table_print);
	rows_free(&rows);
	summary_free(&summary);
	return status;
}
