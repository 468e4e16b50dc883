/* What policy says of a channel: where it leads, and whether it may be. */
#ifndef SALLYPORT_DAEMON_CHANNEL_POLICY_H
#define SALLYPORT_DAEMON_CHANNEL_POLICY_H

#include "daemon/channel.h"
#include "daemon/gate.h"

#include <stdbool.h>

/* Copies what lies at (vm, right) now, if anything does; false without memory. */
bool channel_policy_take_target(struct channel *ch);
/* NULL, or why it may not be by that policy and those groups (static text); fills
 * answer. */
const char *channel_policy_object(const struct channel *ch, const struct conn *conn,
    const struct gate_by *by, struct answer *answer);
/* The same question as at first, since time has passed, of the policy in force; sshd's
 * processes must live, too. NULL or the reason; keeps when to ask again. */
const char *channel_policy_judge(struct channel *ch);

#endif
