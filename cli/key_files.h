/* The files that sallyport.conf names and helpers read as root, looked at as they would
 * at their start. What is in them is never shown. */
#ifndef SALLYPORT_CLI_KEY_FILES_H
#define SALLYPORT_CLI_KEY_FILES_H

#include "policy/report.h"
#include "policy/settings.h"

/* api_key and api_ca where there is an api_url, and store_key: mode, owner, folder, form.
 * conf names the file of the settings in what is said. */
void key_files_check(const char *conf, const struct settings *settings, struct report *report);

#endif
