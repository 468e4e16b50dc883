/* Handing a file of keys to the daemon, which does not look into it. */
#ifndef SALLYPORT_CLI_IMPORT_H
#define SALLYPORT_CLI_IMPORT_H

#include "cli/cli.h"

/* fd: a file that is read from its beginning; name is what it is called in the
 * report, which is printed. Returns the exit status. */
int import_send(const struct cli *cli, const char *name, int fd, bool is_dry);

#endif
