/* The client's greeting and the gate's refusal. */
#include "spice/link.h"

#include "spice/kind.h"
#include "spice/le.h"

#include <string.h>

#define MINOR 2 /* is not looked at, as by spice-server */

static enum spice_error
check_message(const uint8_t *at, size_t size, struct spice_link *link)
{
	uint32_t common = le_get32(at + 6), channel = le_get32(at + 10);

	/* Where the words begin is a field of its own: any other place than behind
	 * the message would be read one way here and another way there. */
	if (le_get32(at + 14) != SPICE_LINK_MESSAGE || common > SPICE_LINK_WORDS_MAX ||
	    channel > SPICE_LINK_WORDS_MAX ||
	    SPICE_LINK_MESSAGE + 4 * (common + channel) != size)
		return SPICE_INVALID_DATA;
	link->connection_id = le_get32(at);
	link->type = at[4];
	link->id = at[5];
	link->common_caps = common > 0 ? le_get32(at + SPICE_LINK_MESSAGE) : 0;
	/* A main channel with an id is a migrated one, and would throw the viewer out. */
	if ((link->type == SPICE_MAIN) != (link->connection_id == 0))
		return SPICE_BAD_CONNECTION_ID;
	if (link->type == SPICE_MAIN && link->id != 0)
		return SPICE_CHANNEL_NOT_AVAILABLE;
	return SPICE_OK;
}

size_t
spice_link_read(const uint8_t *in, size_t len, struct spice_link *link, enum spice_error *error)
{
	uint8_t magic[4];
	uint32_t size;

	le_put32(magic, SPICE_MAGIC);
	*link = (struct spice_link){0};
	*error = SPICE_INVALID_MAGIC;
	if (memcmp(in, magic, len < sizeof(magic) ? len : sizeof(magic)) != 0)
		return len;
	*error = SPICE_INVALID_DATA;
	if (len < SPICE_LINK_HEADER)
		return SPICE_LINK_HEADER;
	size = le_get32(in + 12);
	if (le_get32(in + 4) != SPICE_MAJOR) {
		*error = SPICE_VERSION_MISMATCH;
		return SPICE_LINK_HEADER;
	}
	if (size < SPICE_LINK_MESSAGE || size > SPICE_LINK_MAX - SPICE_LINK_HEADER)
		return SPICE_LINK_HEADER;
	if (len >= SPICE_LINK_HEADER + size)
		*error = check_message(in + SPICE_LINK_HEADER, size, link);
	return SPICE_LINK_HEADER + size;
}

void
spice_link_refuse(uint8_t out[SPICE_REFUSAL], enum spice_error error)
{
	memset(out, 0, SPICE_REFUSAL);
	le_put32(out, SPICE_MAGIC);
	le_put32(out + 4, SPICE_MAJOR);
	le_put32(out + 8, MINOR);
	le_put32(out + 12, SPICE_REPLY);
	le_put32(out + SPICE_LINK_HEADER, error == SPICE_OK ? SPICE_ERROR : error);
	/* Where capability words would begin. */
	le_put32(out + SPICE_REFUSAL - 4, SPICE_REPLY);
}
