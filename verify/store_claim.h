/* The table of claims: hashes of OTPs that were sent to a validation service, each
 * once. Errors as in store.h. */
#ifndef SALLYPORT_VERIFY_STORE_CLAIM_H
#define SALLYPORT_VERIFY_STORE_CLAIM_H

#include "verify/crypt.h"
#include "verify/sql.h"

/* A claim is kept at least that long, and the newest ones for good. */
#define STORE_CLAIM_DAYS   90
#define STORE_CLAIM_NEWEST 100000

/* In a transaction. 0; -EEXIST when it was claimed before; -EIO. at: s since 1970. */
int store_claim_add(struct sql *sql, const uint8_t hash[CRYPT_MAC], uint64_t at);
/* Forgets some of those that are too old, in a transaction of its own. now: s since
 * 1970. 0 or -EIO. */
int store_claim_prune(struct sql *sql, uint64_t now);

#endif
