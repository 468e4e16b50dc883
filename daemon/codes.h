/* Recovery codes that were used and whose users were not told yet: verify, which keeps
 * them on disk, tells of them unasked; here they wait for the next prompt. */
#ifndef SALLYPORT_DAEMON_CODES_H
#define SALLYPORT_DAEMON_CODES_H

#include "daemon/gateway.h"
#include "lib/wire.h"

struct codes *codes_new(void);
/* Accepts NULL. */
void codes_free(struct codes *codes);

/* verify has started again, and will tell all anew. */
void codes_clear(struct codes *codes);
/* A message PROTO_CODE_USED. */
void codes_on_notice(struct gateway *gw, struct wire_in *in);
/* What to put in front of user's prompt: "" or a sentence with a blank behind. */
void codes_words(const struct gateway *gw, const char *user, char *text, size_t cap);
/* An OTP of his was accepted behind such a prompt: he knows. */
void codes_told(struct gateway *gw, const char *user);
/* He has new codes, or none. */
void codes_forget(struct gateway *gw, const char *user);

#endif
