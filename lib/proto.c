/* The header that all messages share. */
#include "lib/proto.h"

#include <errno.h>

void
proto_put_header(struct wire_out *out, uint8_t type, uint32_t id)
{
	wire_put_u8(out, PROTO_VERSION);
	wire_put_u8(out, type);
	wire_put_u32(out, id);
}

int
proto_get_header(struct wire_in *in, struct proto_header *header)
{
	uint8_t version = wire_get_u8(in);

	header->type = wire_get_u8(in);
	header->id = wire_get_u32(in);
	if (in->failed)
		return -EBADMSG;
	return version == PROTO_VERSION ? 0 : -EPROTONOSUPPORT;
}
