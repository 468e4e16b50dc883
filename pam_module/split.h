/* "Password followed by OTP" in one line. The password stays in the module: only
 * what is an OTP by its form, and by the user's keys, is cut off for the daemon. */
#ifndef SALLYPORT_PAM_SPLIT_H
#define SALLYPORT_PAM_SPLIT_H

#include "lib/proto.h"

#include <stddef.h>

struct split_ids {
	size_t count;
	char id[PROTO_KEYS_MAX][PROTO_PUBLIC_ID_MAX + 1];
};

struct split {
	size_t password_len; /* text[0..password_len) */
	size_t otp_at, otp_len; /* otp_len 0: there is no OTP in it */
};

/* Cuts text[len] in two by the ids of the user's keys, the longest that fits first;
 * blanks and line ends behind the OTP belong to neither part. What ends like an OTP of
 * another's key is cut by the length of the user's first id. Without an OTP all of it
 * is password. */
struct split split_text(const char *text, size_t len, const struct split_ids *ids);

#endif
