/* One OTP, judged: the way from what somebody typed to enum proto_otp. */
#ifndef SALLYPORT_VERIFY_ATTEMPT_H
#define SALLYPORT_VERIFY_ATTEMPT_H

#include "lib/proto.h"
#include "verify/keyring.h"
#include "verify/otp.h"

struct attempt {
	const void *text; /* as typed; the caller's, who wipes it */
	size_t len;
	uint32_t layouts; /* 1 << each keyboard layout that it may be typed through */
	size_t nids; /* the user's public ids */
	char ids[PROTO_KEYS_MAX][OTP_ID_MAX + 1];
};

struct attempt_result {
	enum proto_otp found;
	char id[OTP_ID_MAX + 1]; /* public id; "" when none could be read */
	uint32_t counter;        /* use << 8 | session; 0 when none could be read */
	uint64_t store_seq;      /* after this OTP */
};

/* In a transaction of ring, whose commit must succeed before *result may be
 * told. A fresh OTP is spent even when it is refused because the key is another
 * user's or disabled. 0, or -EIO: nothing in this transaction counts. */
int attempt_judge(
    struct keyring *ring, const struct attempt *attempt, struct attempt_result *result);

#endif
