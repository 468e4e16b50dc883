/* One SPICE connection behind its greeting: what of it goes on, each way. The
 * server's reply loses its offer of SASL (it could encrypt what follows), the
 * client's mechanism word becomes 1 (ticket). Then a main channel is followed to
 * its end, of any other all passes. No I/O, no allocation; nothing to free. */
#ifndef SALLYPORT_SPICE_CHANNEL_H
#define SALLYPORT_SPICE_CHANNEL_H

#include "lib/sieve.h"
#include "spice/agent.h"
#include "spice/link.h"

#define SPICE_OWED_MAX 22 /* bytes */

enum spice_phase {
	SPICE_REPLYING = 0, /* the client has nothing to say yet */
	SPICE_MECHANISM,    /* the client's next: a word, if both know of it */
	SPICE_TICKET,       /* 128 bytes */
	SPICE_RESULT,       /* the server's next: a word, 0 is good */
	SPICE_REFUSED,      /* nothing may follow */
	SPICE_TALKING,
};

struct spice_channel {
	struct sieve down, up;        /* to the client; to the VM, behind the greeting */
	enum spice_phase client, server; /* what each has to say next */
	uint32_t may;                 /* SPICE_MAY_* */
	uint32_t client_caps, both_caps;
	bool is_main;
	/* Of main: */
	bool has_session; /* set by the step that lets INIT through, before it gives it out */
	uint32_t session; /* the connection id of the session's other channels, not 0 */
	bool has_agent;         /* the server said so last */
	bool is_agent_started;  /* by the client, in this life of the agent */
	bool refuses_migration; /* the server is to be told so */
	uint32_t tokens_down, tokens_up; /* of chunks left out, to be given back */
	uint64_t serial_down, serial_up; /* of the last message, with full headers */
	uint32_t dropped_down, dropped_up; /* messages left out, for the curious */
	struct spice_agent agent_down, agent_up;
};

/* After a greeting that was good and was sent on. The struct must not be moved. */
void spice_channel_init(struct spice_channel *channel, const struct spice_link *link,
    uint32_t may);

/* What the gate itself has to say now: its length, 0 when there is nothing, or when
 * it is not the time. To be asked for both ways after each input, whichever way
 * that went, when its pieces are on their way, and to be sent behind them; again
 * until it is 0. It may wait for as long as the receiver is slow. */
size_t spice_channel_owed(struct spice_channel *channel, enum spice_way way,
    uint8_t out[SPICE_OWED_MAX]);

#endif
