/* What is said to the relay about channels, and what it says of them. */
#ifndef SALLYPORT_DAEMON_CHANNEL_RELAY_H
#define SALLYPORT_DAEMON_CHANNEL_RELAY_H

#include "daemon/channel.h"
#include "lib/wire.h"

struct channel_relay *channel_relay_new(struct gateway *gw);
void channel_relay_free(struct channel_relay *talk); /* accepts NULL */

/* Gives it the client, to read what it wants, within its time, as below: 0 or -errno. */
int channel_relay_greet(struct channel *ch);
/* Answers a client that it was given with a SPICE link error, and lets go of it. */
void channel_relay_refuse(struct channel *ch, uint8_t link_error);
/* Gives it both descriptors (the VM's alone, if it has the client), which stay the channel's here. 0 or -errno. */
int channel_relay_start(struct channel *ch);
/* Tells it to end the channel; should it not do so in time, or not take the message, it is
 * ended itself, with all channels: better than one that should be closed. Not from within. */
void channel_relay_stop(struct channel *ch);

/* The relay's messages, and its end. */
void channel_relay_on_notice(struct gateway *gw, uint8_t type, struct wire_in *in);
void channel_relay_on_down(struct gateway *gw);

#endif
