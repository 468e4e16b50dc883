/* The files as they are now, for the verbs that need no daemon. */
#ifndef SALLYPORT_CLI_CONFIGURED_H
#define SALLYPORT_CLI_CONFIGURED_H

#include "cli/cli.h"
#include "policy/policy.h"

/* Loads cli->conf_path and its neighbours. 0 and *policy, the caller's; else an
 * exit status, and all that is wrong was said. */
int configured_load(const struct cli *cli, struct policy **policy);

/* Reads /etc/pam.d/sshd into a fresh *text; NULL when there is none. 0, or an exit
 * status, and the reason was said. */
int configured_pam_file(char **text);

#endif
