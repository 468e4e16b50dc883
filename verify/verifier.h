/* The supervisor's requests, answered: one table {message, handler}; all OTPs of
 * one loop turn share one transaction, and are answered after its commit. */
#ifndef SALLYPORT_VERIFY_VERIFIER_H
#define SALLYPORT_VERIFY_VERIFIER_H

#include "verify/keyring.h"
#include "verify/worker.h"

/* OTPs in one transaction at most. */
#define VERIFIER_TURN_MAX 256

/* Says READY on HELPER_FD, then serves it until the supervisor has gone (0).
 * -EIO: the store failed; every OTP of that turn was answered with FAILED, and
 * the ring must not be used again, not even closed. Else -errno, when the
 * supervisor broke the protocol or does not read. */
int verifier_run(struct keyring *ring, struct worker *worker);

#endif
