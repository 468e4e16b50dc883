/* yubikey_mappings as the file is now: whose a key is, and a line more in it. */
#ifndef SALLYPORT_CLI_MAPPINGS_H
#define SALLYPORT_CLI_MAPPINGS_H

#include "cli/cli.h"
#include "policy/keys.h"

/* Reads the file beside cli->conf_path; an absent one is empty. 0 and *keys, the
 * caller's (keys_free); else an exit status, and what is wrong was said. */
int mappings_load(const struct cli *cli, struct keys *keys);
/* Whose the public id is; NULL nobody's. */
const struct keys_user *mappings_owner(const struct keys *keys, const char *id);

/* Maps the key to user by a line at the file's end. Comments, owner and mode stay; it
 * is checked first, and replaced at once. 0; else an exit status, nothing is changed, and
 * the reason was said. */
int mappings_add(const struct cli *cli, const char *user, const char *id);

#endif
