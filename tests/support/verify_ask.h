/* An OTP, or a recovery code of user's, asked of verify. */
#ifndef SALLYPORT_TESTS_SUPPORT_VERIFY_ASK_H
#define SALLYPORT_TESTS_SUPPORT_VERIFY_ASK_H

#include "tests/support/verify_message.h"

static inline bool
peer_ask_of(struct peer *p, const char *user, const char *otp, char *const *ids, size_t n)
{
	uint8_t buf[4096];
	struct wire_out out;
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_VERIFY_OTP, ++p->id);
	wire_put_str(&out, otp);
	wire_put_u64(&out, ++p->audit_seq);
	wire_put_u16(&out, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		wire_put_str(&out, ids[i]);
	wire_put_str(&out, user);
	return peer_send(p, &out, NULL);
}

static inline bool
peer_ask_otp(struct peer *p, const char *otp, char *const *ids, size_t n)
{
	return peer_ask_of(p, "", otp, ids, n);
}

#endif
