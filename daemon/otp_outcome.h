/* What comes of an OTP: the verdict with its words, and how verify's and the
 * validation servers' answers become one. None of these lets anybody in: that is done
 * by otp_check.c alone, once it is on record. */
#ifndef SALLYPORT_DAEMON_OTP_OUTCOME_H
#define SALLYPORT_DAEMON_OTP_OUTCOME_H

#include "lib/proto.h"
#include "lib/verdict.h"

struct otp_outcome {
	enum verdict verdict;        /* allow: good, the user's, spent, and on record */
	enum proto_refusal refusal;  /* when denied */
	const char *reason, *words;  /* when denied: for the record, for the user */
	uint32_t hold_ms;	     /* when denied: tell it not before this time has passed */
	char public_id[PROTO_PUBLIC_ID_MAX + 1];
	uint8_t found; /* enum proto_otp; to be told, not to be decided by */
	uint32_t counter;
};

struct otp_outcome otp_outcome_deny(
    enum proto_refusal refusal, const char *reason, const char *words);
/* enum proto_otp, as it came. */
struct otp_outcome otp_outcome_of(uint8_t result);
struct otp_outcome otp_outcome_of_api(enum proto_api verdict);
/* OTPs cannot be verified. */
struct otp_outcome otp_outcome_failed(void);
/* Nobody waits any more. */
struct otp_outcome otp_outcome_late(void);

#endif
