/* The greeting of each SPICE connection: link header and link message of the
 * client, link reply of the server. Source: spice/protocol.h of the SPICE project
 * (SpiceLinkHeader, SpiceLinkMess, SpiceLinkReply); bounds are closer than
 * spice-server's 4096 bytes. */
#ifndef SALLYPORT_SPICE_LINK_H
#define SALLYPORT_SPICE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPICE_MAGIC          0x51444552 /* "REDQ" */
#define SPICE_MAJOR          2
#define SPICE_LINK_HEADER    16
#define SPICE_LINK_MESSAGE   18 /* without capability words */
#define SPICE_LINK_WORDS_MAX 32 /* common and channel words together */
#define SPICE_LINK_MAX       (SPICE_LINK_HEADER + SPICE_LINK_MESSAGE + 4 * SPICE_LINK_WORDS_MAX)
#define SPICE_REPLY          178 /* without capability words */
#define SPICE_REFUSAL        (SPICE_LINK_HEADER + SPICE_REPLY)

/* Link errors, as the server counts them. */
enum spice_error {
	SPICE_OK = 0,
	SPICE_ERROR,
	SPICE_INVALID_MAGIC,
	SPICE_INVALID_DATA,
	SPICE_VERSION_MISMATCH,
	SPICE_NEED_SECURED,
	SPICE_NEED_UNSECURED,
	SPICE_PERMISSION_DENIED,
	SPICE_BAD_CONNECTION_ID,
	SPICE_CHANNEL_NOT_AVAILABLE,
};

/* Bits of the first common capability word. */
enum {
	SPICE_CAP_AUTH_SELECTION = 1u << 0,
	SPICE_CAP_AUTH_SASL = 1u << 2,
	SPICE_CAP_MINI_HEADER = 1u << 3,
};

struct spice_link {
	uint32_t connection_id; /* 0: a new session's main channel */
	uint32_t common_caps;   /* the first word, 0 if none */
	uint8_t type, id;       /* of the channel; the type may be unknown */
};

/* Reads a client's greeting as far as it is there: the length in bytes that it has
 * or at least needs, never above SPICE_LINK_MAX. While that is more than len, go
 * on, and read no byte more than that. Else *error tells: SPICE_OK with *link
 * filled, or the error to refuse it with, which may come early (another magic at
 * its first byte, a WebSocket's too). A main channel must have connection id 0
 * and id 0, any other a connection id. */
size_t spice_link_read(const uint8_t *in, size_t len, struct spice_link *link,
    enum spice_error *error);

/* A server's reply that refuses, as spice-server writes it. */
void spice_link_refuse(uint8_t out[SPICE_REFUSAL], enum spice_error error);

#endif
