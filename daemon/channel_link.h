/* How a link to a console comes in: the relay reads what it wants (SPICE), whose session
 * that is and who has the seat is found out here; then it is a channel like any other. */
#ifndef SALLYPORT_DAEMON_CHANNEL_LINK_H
#define SALLYPORT_DAEMON_CHANNEL_LINK_H

#include "daemon/channel.h"

/* Link errors of SPICE, as the relay is told to answer them. */
enum {
	LINK_ERROR = 1,
	LINK_PERMISSION_DENIED = 7,
	LINK_BAD_CONNECTION_ID = 8,
	LINK_NOT_AVAILABLE = 9,
};

/* Why uid may begin no further link just now (static), NULL: it may, and that is counted. */
const char *channel_link_object(struct gateway *gw, uid_t uid, const char *right);
/* ch has just come to a console's endpoint; reason: why it may not be, NULL: it may. */
void channel_link_open(struct channel *ch, struct conn *conn, const char *reason);
/* What the relay has read; error is a link error, 0: all is well. */
void channel_link_greeted(
    struct channel *ch, uint8_t error, uint8_t type, uint8_t id, uint32_t connection_id);

#endif
