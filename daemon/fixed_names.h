/* What of the settings is a name: the gated group, the users of back ends. Looked up
 * when they come into force; what cannot be is nobody. An error is no answer: a directory
 * that can no longer be asked takes nobody's VM away. */
#ifndef SALLYPORT_DAEMON_FIXED_NAMES_H
#define SALLYPORT_DAEMON_FIXED_NAMES_H

#include "daemon/gateway.h"

#include <stdbool.h>
#include <stdint.h>

void fixed_names_look_up(struct gateway *gw);
/* Is something unknown to which an answer is out, or that was not asked about yet? Or
 * every back end's user, because of an error? Each look-up ends after names_timeout. */
bool fixed_names_are_awaited(const struct gateway *gw);
/* So long after the last go is the time for another; INT64_MAX: none is due. */
int64_t fixed_names_again_ms(const struct gateway *gw);

#endif
