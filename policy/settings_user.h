/* Sections [user NAME] of sallyport.conf: what differs for one user. */
#ifndef SALLYPORT_POLICY_SETTINGS_USER_H
#define SALLYPORT_POLICY_SETTINGS_USER_H

#include "policy/ini.h"
#include "policy/report.h"
#include "policy/settings.h"

#include <stdbool.h>

bool settings_user_is_section(const struct ini_section *section);
/* Fills users of *settings. What is wrong is said in report. 0, -ENOMEM; in either
 * case settings_user_free is the caller's. */
int settings_user_read(const char *file, const struct ini *ini, struct report *report,
    struct settings *settings);
void settings_user_free(struct settings *settings);

/* The shell of a user who may have one: that of his section, else his passwd
 * entry's where that is a shell, else the setting. passwd_shell may be "". */
const char *settings_user_shell(
    const struct settings *settings, const char *user, const char *passwd_shell);

#endif
