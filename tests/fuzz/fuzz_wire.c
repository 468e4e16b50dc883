/* Any bytes through the reader of messages: reads stay inside the message, a
 * failed reader gives nothing more, and what was read can be written again. */
#include "lib/proto.h"
#include "lib/wire.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* The first byte of a step says which field is read next. */
static void
read_one(struct wire_in *in, uint8_t what, struct wire_out *again)
{
	char text[32];
	const uint8_t *bytes;
	size_t len;
	uint64_t n;

	switch (what % 6) {
	case 0:
		n = wire_get_u16(in);
		wire_put_u16(again, (uint16_t)n);
		break;
	case 1:
		n = wire_get_u32(in);
		wire_put_u32(again, (uint32_t)n);
		break;
	case 2:
		n = wire_get_u64(in);
		wire_put_u64(again, n);
		break;
	case 3:
		wire_get_bytes(in, &bytes, &len);
		wire_put_bytes(again, bytes, len);
		break;
	case 4:
		wire_get_str(in, text, sizeof(text));
		require(memchr(text, '\0', sizeof(text)) != NULL);
		wire_put_str(again, text);
		break;
	default:
		wire_put_u8(again, wire_get_u8(in));
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[1 << 16];
	struct wire_out again;
	struct proto_header header;
	struct wire_in in;
	size_t plan = size / 4; /* the first quarter is the plan, the rest the message */
	const uint8_t *message = data + plan;

	if (size > sizeof(copy))
		return 0;
	wire_in_init(&in, message, size - plan);
	wire_out_init(&again, copy, sizeof(copy));
	if (proto_get_header(&in, &header) == 0)
		proto_put_header(&again, header.type, header.id);
	else
		wire_in_init(&in, message, size - plan);
	for (size_t i = 0; i < plan && !in.failed; i++) {
		read_one(&in, data[i], &again);
		require(in.left <= size - plan);
		require(in.at + in.left == message + (size - plan));
	}
	if (in.failed) {
		require(wire_end(&in) < 0);
		require(wire_get_u32(&in) == 0);
	} else {
		require(!again.failed);
		require(again.len == (size - plan) - in.left);
		require(memcmp(copy, message, again.len) == 0);
	}
	return 0;
}
