/* Texts of an OTP's form that were no OTP, remembered for a while by a print of
 * their token: a slot with a static password types the same again and again. */
#ifndef SALLYPORT_VERIFY_REPEAT_H
#define SALLYPORT_VERIFY_REPEAT_H

#include "verify/keyring.h"

#define REPEAT_SLOTS 64

struct repeat {
	uint8_t prints[REPEAT_SLOTS][CRYPT_PRINT]; /* all zero: none */
	size_t next;
};

/* Was this one here before? It is remembered in any case. */
bool repeat_note(struct repeat *repeat, const struct keyring *ring, const struct otp *otp);

#endif
