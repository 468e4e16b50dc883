/* What of the settings is a name: the gated group, the users of back ends. Looked up
 * when they come into force; what cannot be is nobody. What is known stays: a directory
 * that can no longer be asked takes nobody's VM away. */
#ifndef SALLYPORT_DAEMON_FIXED_NAMES_H
#define SALLYPORT_DAEMON_FIXED_NAMES_H

#include "daemon/gateway.h"

#include <stdbool.h>
#include <stdint.h>

void fixed_names_look_up(struct gateway *gw);
/* Is an answer out, nothing asked yet, or no back end's user known because of an error?
 * Each look-up ends after names_timeout. */
bool fixed_names_are_awaited(const struct gateway *gw);
/* So long after the last go is the time for another, seconds; INT64_MAX: none is due. */
int64_t fixed_names_again_s(const struct gateway *gw);

#endif
