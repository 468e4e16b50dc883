/* What verify tells unasked: recovery codes that were used and whose users were not
 * told yet (it keeps them on disk; here they wait for the next prompt), worn keys. */
#ifndef SALLYPORT_DAEMON_CODES_H
#define SALLYPORT_DAEMON_CODES_H

#include "daemon/gateway.h"
#include "lib/wire.h"

struct codes *codes_new(void);
/* Accepts NULL. */
void codes_free(struct codes *codes);

/* verify has started again, and will tell all anew. */
void codes_clear(struct codes *codes);
/* A message of verify's with id 0. */
void codes_on_notice(struct gateway *gw, uint8_t type, struct wire_in *in);
/* What to put in front of user's prompt: "" or a sentence with a blank behind. */
void codes_words(const struct gateway *gw, const char *user, char *text, size_t cap);
/* An OTP of his was accepted behind such a prompt: he knows. */
void codes_told(struct gateway *gw, const char *user);
/* He has new codes, or none. */
void codes_forget(struct gateway *gw, const char *user);
/* How many keys are nearly worn out, and one of them. */
uint32_t codes_worn(const struct gateway *gw, const char **id);

#endif
