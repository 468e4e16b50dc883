/* Words for enum proto_ended. */
#include "daemon/relay_ended.h"

#include "lib/proto.h"

const char *
relay_ended_text(uint8_t why)
{
	switch ((enum proto_ended)why) {
	case PROTO_ENDED_BOTH:
		return "closed";
	case PROTO_ENDED_CLIENT:
		return "closed by the client";
	case PROTO_ENDED_VM:
		return "closed by the VM";
	case PROTO_ENDED_IDLE:
		return "idle too long";
	case PROTO_ENDED_STOPPED:
		return "stopped";
	case PROTO_ENDED_ERROR:
	default:
		return "failed";
	}
}
