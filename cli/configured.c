/* Loading, and saying what is wrong. */
#include "cli/configured.h"

#include "cli/pam_file.h"
#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int
configured_load(const struct cli *cli, struct policy **policy)
{
	struct report report = {0};
	int err = policy_load(cli->conf_path, &report, policy);

	if (err < 0 && report.text != NULL)
		fputs(report.text, stderr);
	if (err == -EINVAL)
		err = cli_fail(CLI_CONFIG, "%s: %zu errors (see: sallyport check)",
		    cli->conf_path, report.errors);
	else if (err < 0)
		err = cli_fail(CLI_SOFTWARE, "%s: %s", cli->conf_path, strerror(-err));
	report_free(&report);
	return err;
}

int
configured_pam_file(char **text)
{
	int err, fd = open(PAM_FILE_PATH, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len;

	*text = NULL;
	if (fd < 0 && errno == ENOENT)
		return 0;
	err = fd < 0 ? -errno : io_read_all(fd, PAM_FILE_MAX, text, &len);
	io_close(&fd);
	return err < 0 ? cli_fail(CLI_CONFIG, PAM_FILE_PATH ": %s", strerror(-err)) : 0;
}
