/* sshd_config for the gated users. */
#ifndef SALLYPORT_CLI_SSHD_CONFIG_H
#define SALLYPORT_CLI_SSHD_CONFIG_H

#include "cli/permit.h"
#include "policy/settings.h"

#include <stdbool.h>
#include <stdio.h>

/* Can a name stand in a Match line as what it is? (There is no way to write a
 * pattern's own characters in it.) */
bool sshd_config_takes_name(const char *name);

/* Writes it: what is global, a Match block for each set of users with equal
 * endpoints, the block of all gated users. permits as permit_find gives them; a
 * user whom sshd_config_takes_name refuses gets no endpoint. The gated group's
 * name must pass that test. */
void sshd_config_print(FILE *out, const struct settings *settings,
    const struct permits *permits);

#endif
