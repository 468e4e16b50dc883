/* Services other than sshd (sudo, su, login): an OTP is checked, and that is all.
 * Nothing here makes, marks or finds a connection. */
#ifndef SALLYPORT_DAEMON_PAM_SERVICE_H
#define SALLYPORT_DAEMON_PAM_SERVICE_H

#include "daemon/door.h"
#include "daemon/login.h"

struct service; /* who was asked: the caller's, from BEGIN to OTP */

/* authenticate: may there be a prompt? */
void service_begin(struct caller *caller, struct login *login);
/* What was typed at it: str otp. */
void service_otp(struct caller *caller, struct wire_in *in);
/* acct_mgmt, open_session, close_session: not our matter. */
void service_unconcerned(struct caller *caller, struct login *login);
/* Its caller has gone. Accepts one without a service. */
void service_gone(struct caller *caller);

#endif
