/* The inside of a keyring, for keyring*.c alone. */
#ifndef SALLYPORT_VERIFY_KEYRING_STATE_H
#define SALLYPORT_VERIFY_KEYRING_STATE_H

#include "verify/keyring.h"
#include "verify/sql.h"

struct keyring {
	struct sql *sql;
	const struct crypt *crypt;
	struct row_meta meta; /* as on disk */
	struct row_meta next; /* as it will be after the transaction */
	bool is_sound;
	bool has_spent;	     /* in this transaction */
	unsigned int claims; /* since old ones were last forgotten */
};

/* The code that proves a key's row. 0, -EBADMSG for a row of no kind, -EIO. */
int keyring_row_mac(
    const struct keyring *ring, const struct row *row, uint8_t mac[CRYPT_MAC]);

#endif
