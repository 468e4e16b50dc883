/* PAM's files of services other than sshd, against services = in sallyport.conf. */
#ifndef SALLYPORT_CLI_PAM_SERVICES_H
#define SALLYPORT_CLI_PAM_SERVICES_H

#include "policy/report.h"
#include "policy/settings.h"

/* Says which files of folder have a line of pam_sallyport.so although their service is
 * not listed, and which listed services do not ask for the OTP. Returns 0, -ENOMEM. */
int pam_services_check(
    const char *folder, const struct settings *settings, struct report *report);

#endif
