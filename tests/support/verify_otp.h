/* READY and the OTPs' messages of verify. */
#ifndef SALLYPORT_TESTS_SUPPORT_VERIFY_OTP_H
#define SALLYPORT_TESTS_SUPPORT_VERIFY_OTP_H

#include "tests/support/verify_ask.h"

struct verified {
	uint32_t id;
	unsigned int found;
	char key[PROTO_PUBLIC_ID_MAX + 1];
	uint32_t counter;
	uint64_t store_seq;
};

static inline bool
peer_ready(struct peer *p)
{
	struct wire_in in;
	uint32_t id;

	if (!peer_get(p, PROTO_READY, &id, &in))
		return false;
	p->store_seq = wire_get_u64(&in);
	p->audit_seq = wire_get_u64(&in);
	if (wire_end(&in) < 0)
		peer_die("a malformed READY");
	return true;
}

static inline bool
peer_verified(struct peer *p, struct verified *v)
{
	struct wire_in in;
	if (!peer_get(p, PROTO_VERIFIED, &v->id, &in))
		return false;
	v->found = wire_get_u8(&in);
	wire_get_str(&in, v->key, sizeof(v->key));
	v->counter = wire_get_u32(&in);
	v->store_seq = wire_get_u64(&in);
	if (wire_end(&in) < 0)
		peer_die("a malformed VERIFIED");
	return true;
}

#endif
