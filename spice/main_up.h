/* The main channel's messages to the VM. */
#ifndef SALLYPORT_SPICE_MAIN_UP_H
#define SALLYPORT_SPICE_MAIN_UP_H

#include "spice/channel.h"

/* A judge's word on a message whose header is held. Only types that are listed
 * pass; of the agent's messages those that are allowed, and only between the
 * client's AGENT_START and the agent's end. For a piece that is left out the client
 * gets its token back. */
enum sieve_verdict spice_main_up_judge(struct spice_channel *channel, struct sieve *sieve);

#endif
