/* The header of each message behind the link. Source: spice/protocol.h of the SPICE
 * project (SpiceDataHeader, SpiceMiniDataHeader). */
#ifndef SALLYPORT_SPICE_MESSAGE_H
#define SALLYPORT_SPICE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPICE_HEADER_MINI 6
#define SPICE_HEADER_FULL 18

struct spice_message {
	uint64_t serial; /* 0 with mini headers, which have none */
	size_t header;   /* bytes */
	uint32_t size;   /* bytes behind it */
	uint16_t type;
	bool has_list; /* of further messages inside */
};

/* Of a header that is whole. */
void spice_message_read(struct spice_message *message, const uint8_t *at, size_t header);
void spice_message_write(const struct spice_message *message, uint8_t *at);

#endif
