/* What of the settings is a name: the gated group, the users of back ends. Looked up
 * when they come into force; what cannot be is nobody. */
#ifndef SALLYPORT_DAEMON_FIXED_NAMES_H
#define SALLYPORT_DAEMON_FIXED_NAMES_H

#include "daemon/gateway.h"

#include <stdbool.h>

void fixed_names_look_up(struct gateway *gw);
/* Is an answer out, or nothing asked yet? Each look-up ends after names_timeout. */
bool fixed_names_are_awaited(void);
/* Is one of them not known? */
bool fixed_names_lack(const struct gateway *gw);

#endif
