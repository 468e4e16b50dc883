/* Headers, mini and full. */
#include "spice/message.h"

#include "spice/le.h"

void
spice_message_read(struct spice_message *message, const uint8_t *at, size_t header)
{
	*message = (struct spice_message){.header = header};
	if (header == SPICE_HEADER_FULL) {
		message->serial = le_get64(at);
		message->has_list = le_get32(at + 14) != 0;
		at += 8;
	}
	message->type = le_get16(at);
	message->size = le_get32(at + 2);
}

void
spice_message_write(const struct spice_message *message, uint8_t *at)
{
	if (message->header == SPICE_HEADER_FULL) {
		le_put64(at, message->serial);
		le_put32(at + 14, 0);
		at += 8;
	}
	le_put16(at, message->type);
	le_put32(at + 2, message->size);
}
