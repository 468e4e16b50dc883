/* A key of the service, and recovery codes, asked of verify. "False": it has gone. */
#ifndef SALLYPORT_TESTS_SUPPORT_VERIFY_CODES_H
#define SALLYPORT_TESTS_SUPPORT_VERIFY_CODES_H

#include "tests/support/verify_keys.h"
#include "tests/support/verify_used.h"

static inline bool
peer_add_api(struct peer *p, const char *key)
{
	static char report[IO_MESSAGE_MAX];
	uint8_t buf[64];
	struct wire_out out;
	unsigned int status = 1;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_KEYS_ADD_API, ++p->id);
	wire_put_str(&out, key);
	wire_put_str(&out, "");
	return peer_send(p, &out, NULL) && peer_done(p, &status, report) && status == 0;
}

static inline bool
peer_make_codes(struct peer *p, const char *user, char codes[][PROTO_OTP_MAX + 1], uint8_t count)
{
	uint8_t buf[PROTO_NAME_MAX + 16];
	struct wire_out out;
	struct wire_in in;
	uint32_t id;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_KEYS_CODES, ++p->id);
	wire_put_str(&out, user);
	wire_put_u8(&out, count);
	if (!peer_send(p, &out, NULL) || peer_skip_used(p) != PROTO_CODES ||
	    !peer_get(p, PROTO_CODES, &id, &in) || wire_get_u16(&in) != count)
		return false;
	for (uint8_t i = 0; i < count; i++)
		wire_get_str(&in, codes[i], PROTO_OTP_MAX + 1);
	return wire_end(&in) == 0;
}

#endif
