/* The main channel's messages to the client. */
#ifndef SALLYPORT_SPICE_MAIN_DOWN_H
#define SALLYPORT_SPICE_MAIN_DOWN_H

#include "spice/channel.h"

#define SPICE_LIST_MAX 255 /* channels that a server may have */

/* A judge's word on a message whose header is held. Learns the session id from
 * INIT; takes out of every CHANNELS_LIST what may not be opened; leaves out the
 * agent for who may not control, and of the agent's messages those that are not
 * allowed; leaves out migration, because a viewer that followed would leave the
 * gate; ends for messages inside messages. */
enum sieve_verdict spice_main_down_judge(struct spice_channel *channel, struct sieve *sieve);

#endif
