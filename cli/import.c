/* key import: a dry run, a look at its report, then the import itself. */
#include "cli/import.h"

#include "cli/answer.h"
#include "cli/sealed.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMPORT_MS 300000 /* as long as the daemon waits for it, and some more */

/* The report's "line 12: …" becomes "NAME:12: …"; what does not fit is left as it was. */
static void
name_lines(char *text, size_t cap, const char *name)
{
	static const char word[] = "line ";
	const size_t word_len = sizeof(word) - 1, name_len = strlen(name);
	size_t len = strlen(text);

	for (char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
		size_t rest = len - (size_t)(at - text);
		if (strncmp(at, word, word_len) != 0 || len + name_len + 1 >= cap)
			continue;
		memmove(at + name_len + 1, at + word_len, rest - word_len + 1);
		memcpy(at, name, name_len);
		at[name_len] = ':';
		len += name_len + 1 - word_len;
	}
}

int
import_send(const struct cli *cli, const char *name, int fd, bool is_dry)
{
	struct ask ask;
	int status;

	if (lseek(fd, 0, SEEK_SET) != 0)
		return cli_fail(CLI_USAGE, "%s: %s", name, strerror(errno));
	ask_begin(&ask, PROTO_ADMIN_KEYS_IMPORT);
	ask.fd_to_pass = fd;
	ask.timeout_ms = IMPORT_MS;
	wire_put_u8(&ask.out, is_dry ? 1 : 0);
	status = ask_daemon(cli, &ask);
	if (status == 0) {
		name_lines(ask.text, sizeof(ask.text), name);
		status = answer_print(cli, &ask, table_print_values);
	}
	ask_free(&ask);
	return status;
}

static int
import_file(const struct cli *cli, const char *name, int fd)
{
	int status, is_yes;

	if (cli_has(cli, CLI_YES))
		return import_send(cli, name, fd, false);
	status = import_send(cli, name, fd, true);
	if (status != CLI_OK || cli_has(cli, CLI_DRY_RUN))
		return status;
	is_yes = terminal_confirm("Import them? [y/N] ");
	if (is_yes < 0)
		return cli_fail(CLI_USAGE,
		    "nothing imported: there is no terminal to confirm on (see --yes)");
	return is_yes ? import_send(cli, name, fd, false)
		      : cli_fail(CLI_FINDING, "nothing imported");
}

/* What is not a regular file can be read once only, and slowly: the daemon gets a
 * copy. */
static int
import_copy(const struct cli *cli, int fd, const char *name)
{
	struct sealed sealed;
	int status, err = sealed_copy(&sealed, fd);

	if (err == -EFBIG)
		return cli_fail(CLI_USAGE, "%s: longer than %u bytes", name, SEALED_MAX);
	if (err == -EINVAL)
		return cli_fail(CLI_USAGE, "%s: is empty", name);
	if (err < 0)
		return cli_fail(CLI_USAGE, "%s: %s", name, strerror(-err));
	status = import_file(cli, name, sealed.fd);
	sealed_free(&sealed);
	return status;
}

int
verb_key_import(struct cli *cli)
{
	const char *path = cli->words[0];
	struct stat st;
	int fd, status;

	if (strcmp(path, "-") == 0)
		return import_copy(cli, STDIN_FILENO, "standard input");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return cli_fail(CLI_USAGE, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
		status = cli_fail(CLI_USAGE, "%s: is not a file", path);
	} else if (!S_ISREG(st.st_mode)) {
		status = import_copy(cli, fd, path);
	} else {
		status = import_file(cli, path, fd);
		if (status == CLI_OK && !cli_has(cli, CLI_DRY_RUN))
			fprintf(stderr,
			    "%s still holds the secrets: keep it safe, or destroy it\n", path);
	}
	io_close(&fd);
	return status;
}
