/* One OTP, judged: the way from what somebody typed to enum proto_otp. */
#ifndef SALLYPORT_VERIFY_ATTEMPT_H
#define SALLYPORT_VERIFY_ATTEMPT_H

#include "lib/proto.h"
#include "verify/keyring.h"
#include "verify/otp.h"
#include "verify/repeat.h"

/* From here on a key has few power-ups left; at 0x7fff it is worn out. */
#define ATTEMPT_WORN_USE 0x7f00u

struct attempt {
	const void *text; /* as typed; the caller's, who wipes it */
	size_t len;
	uint32_t layouts; /* 1 << each keyboard layout that it may be typed through */
	struct repeat *repeat; /* what was no OTP before; may be NULL */
	size_t nids; /* the user's public ids */
	char ids[PROTO_KEYS_MAX][OTP_ID_MAX + 1];
};

struct attempt_result {
	enum proto_otp found;
	char id[OTP_ID_MAX + 1]; /* public id; "" when none could be read */
	uint32_t counter;        /* use << 8 | session; 0 when none could be read */
	uint64_t store_seq;      /* after this OTP */
	/* What the validation service is to be asked: then found is FAILED, as nothing
	 * is known yet, and the OTP is claimed. Else "". Wiped by attempt_forget. */
	char ask[OTP_TEXT_MAX + 1];
};

/* What the service said of an OTP that was claimed. */
struct attempt_api {
	char id[OTP_ID_MAX + 1]; /* public id */
	uint32_t counter;        /* use << 8 | session; 0: the service told none */
};

/* In a transaction of ring, whose commit must succeed before *result may be
 * told. A fresh OTP is spent even when it is refused because the key is another
 * user's or disabled. 0, or -EIO: nothing in this transaction counts. */
int attempt_judge(
    struct keyring *ring, const struct attempt *attempt, struct attempt_result *result);


/* In a transaction of ring, as attempt_judge: the service said OK. Is the key still
 * good, and its counter, where there is one, above all before? */
int attempt_confirm(
    struct keyring *ring, const struct attempt_api *api, struct attempt_result *result);

void attempt_forget(struct attempt_result *result);

#endif
