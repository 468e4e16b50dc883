/* One VNC connection, as a gate sees it: RFB 3.3, 3.7 or 3.8 with the security
 * types None and VNC Authentication (others hide what follows). Source: RFC 6143;
 * QEMU's extensions from the RFB community's list. No I/O, no allocation; nothing
 * to free.
 *
 * The shared flag that goes on is always 1: with 0 QEMU throws all other viewers
 * out or is refused where it must share; that a VM has one viewer is for the gate.
 *
 * Who may only view: of the client's messages only SetPixelFormat, SetEncodings
 * and FramebufferUpdateRequest go on, keys, pointer and cut text don't, and any
 * other ends the connection. Of SetEncodings only encodings that bring no further
 * messages of clients with them. The server's side all passes. */
#ifndef SALLYPORT_RFB_RFB_H
#define SALLYPORT_RFB_RFB_H

#include "lib/sieve.h"

enum rfb_may { RFB_MAY_VIEW = 0, RFB_MAY_CONTROL };

enum rfb_phase {
	RFB_VERSION = 0,
	RFB_SECURITY, /* the server's offer, the client's choice */
	RFB_CHALLENGE,
	RFB_RESULT,
	RFB_REASON, /* of a refusal, nothing may follow */
	RFB_INIT,
	RFB_TALKING,
	RFB_WAITING, /* for the other side */
};

struct rfb {
	struct sieve down, up;         /* to the client; to the VM */
	enum rfb_phase client, server; /* what each has to say next */
	enum rfb_may may;
	uint8_t minor;    /* of the version 3.x: 3, 7 or 8; the server's, then both's */
	uint8_t offered;  /* bits 1 << type of what the client may choose */
	uint32_t dropped; /* the client's messages left out, for the curious */
};

/* The server speaks first. The struct must not be moved. */
void rfb_init(struct rfb *rfb, enum rfb_may may);

#endif
