/* Messages of the guest's agent, which travel in pieces ("chunks") of up to 2048
 * bytes inside the main channel's AGENT_DATA. Source: spice/vd_agent.h of the SPICE
 * project (VDAgentMessage, VDAgentAnnounceCapabilities). As spice-server demands in
 * both directions, a chunk that begins a message holds its whole header, and no
 * chunk holds parts of two messages. */
#ifndef SALLYPORT_SPICE_AGENT_H
#define SALLYPORT_SPICE_AGENT_H

#include "lib/sieve.h"

#define SPICE_AGENT_CHUNK_MAX 2048

/* One direction. */
struct spice_agent {
	uint32_t left;   /* bytes of the message at hand that are still to come */
	bool is_passing; /* it */
};

enum spice_way { SPICE_DOWN, SPICE_UP }; /* to the client; to the VM */

/* Whether a message of that type may go that way for who has these SPICE_MAY_*. */
bool spice_agent_allowed(uint32_t type, enum spice_way way, uint32_t may);

/* What the two may agree on: takes the bits out of a VDAgentAnnounceCapabilities
 * of len bytes that need more than may, and those that nobody here knows. */
void spice_agent_limit(uint8_t *body, size_t len, uint32_t may);

/* A judge's word on an AGENT_DATA of size bytes behind header bytes of the unit. */
enum sieve_verdict spice_agent_judge(struct spice_agent *agent, struct sieve *sieve,
    size_t header, uint32_t size, enum spice_way way, uint32_t may);

#endif
