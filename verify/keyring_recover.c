/* The meta row, made to agree with the log. */
#include "verify/keyring_recover.h"

#include "verify/keyring_state.h"

#include <errno.h>

int
keyring_recover(struct keyring *ring, uint64_t store_seq, uint64_t audit_seq)
{
	int err;

	if (!ring->is_sound || store_seq > INT64_MAX || audit_seq > INT64_MAX)
		return -EINVAL;
	err = keyring_begin(ring);
	if (err < 0)
		return err;
	if (store_seq > ring->next.store_seq)
		ring->next.store_seq = store_seq;
	ring->next.audit_seq = audit_seq;
	ring->has_spent = true; /* the meta row is to be written */
	return keyring_commit(ring);
}
