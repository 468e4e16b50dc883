/* Channels whose client is sallyport-shell (console, connect): it gets the other end of a
 * pair by its socket, and is told how it went. All else is as for an endpoint's. */
#ifndef SALLYPORT_DAEMON_SHELL_CHANNEL_H
#define SALLYPORT_DAEMON_SHELL_CHANNEL_H

#include "daemon/channel.h"
#include "daemon/visit.h"

struct shell_channel;

/* Answers the visit, now or later: STREAM or REFUSED. */
void shell_channel_open(struct visit *visit, struct conn *conn);

/* From channel.c; they accept NULL, and a channel without a shell. */

/* There will be no channel (a limit). */
void shell_channel_refuse(struct shell_channel *shell, const char *reason);
/* ch is the one. */
void shell_channel_is(struct shell_channel *shell, struct channel *ch);
/* Its client is listened to from now on: the end is handed over. Last of what is done with
 * ch, which may end by it. */
void shell_channel_begin(struct channel *ch);
/* ch goes, for that reason: before it was handed over that is a refusal. */
void shell_channel_end(struct channel *ch, const char *reason);

/* What a page of that connection is told of ch's refusal: of a name that the user made up, no
 * more than the shell says. */
const char *shell_channel_reason(const struct channel *ch, const char *reason);

/* The time to answer the caller is over, whom somebody else tells: ends the channel, which
 * puts that on record. False: there is none. Accepts NULL. */
bool shell_channel_late(struct shell_channel *shell, const char *reason);
/* The caller goes, and with it the channel. */
void shell_channel_gone(struct shell_channel *shell);

#endif
