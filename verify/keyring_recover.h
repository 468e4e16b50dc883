/* After a backup of the store or of the audit log was put back. */
#ifndef SALLYPORT_VERIFY_KEYRING_RECOVER_H
#define SALLYPORT_VERIFY_KEYRING_RECOVER_H

#include "verify/keyring.h"

/* The store and the log are declared to agree: the store's sequence becomes at least
 * store_seq, the highest record that it was told of audit_seq, on disk. Outside a
 * transaction. 0; -EINVAL: the store is broken, or a number is none; -EIO. */
int keyring_recover(struct keyring *ring, uint64_t store_seq, uint64_t audit_seq);

#endif
