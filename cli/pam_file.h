/* /etc/pam.d/sshd: what it says of pam_sallyport.so, and what it should say. */
#ifndef SALLYPORT_CLI_PAM_FILE_H
#define SALLYPORT_CLI_PAM_FILE_H

#include "policy/report.h"
#include "policy/settings.h"

#include <stdio.h>

#define PAM_FILE_PATH "/etc/pam.d/sshd"
/* More is no PAM file, in bytes. */
#define PAM_FILE_MAX 65536

/* Debian's own file, for a machine that has none. */
extern const char pam_file_stock[];

/* Compares the pam_sallyport.so lines of text with the settings. */
void pam_file_check(const char *text, const struct settings *settings, struct report *report);

/* Compares the arguments of one such line of phase ("auth") with the settings. */
void pam_file_check_arguments(const char *phase, const char *arguments, size_t number,
    const struct settings *settings, struct report *report);

/* Writes text with the lines that Sallyport needs, each once and in its place, and
 * without what lets a user's own file in. */
void pam_file_print(FILE *out, const char *text, const struct settings *settings);

#endif
