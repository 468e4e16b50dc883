/* Keys of an import against those of the store. */
#include "verify/keyring_key.h"

#include "lib/secret.h"
#include "verify/keyring_state.h"
#include "verify/store_key.h"

#include <errno.h>

int
keyring_key_print(
    const struct keyring *ring, const struct crypt_key *key, uint8_t print[CRYPT_PRINT])
{
	return crypt_print(ring->crypt, key->aes, print);
}

int
keyring_key_holder(
    struct keyring *ring, const uint8_t print[CRYPT_PRINT], char id[OTP_ID_MAX + 1])
{
	return store_key_holder(ring->sql, print, id);
}

int
keyring_key_is_same(
    const struct keyring *ring, const struct row *row, const struct crypt_key *key)
{
	struct crypt_key stored;
	int err = keyring_unlock(ring, row, &stored);
	bool is_same = err == 0 && secret_is_equal(&stored, key, sizeof(stored));

	secret_wipe(&stored, sizeof(stored));
	return err < 0 ? err : is_same;
}

int
keyring_key_raise(struct keyring *ring, struct row *row, uint32_t counter)
{
	int err;

	if (counter <= row->counter)
		return -ESTALE;
	row->counter = counter;
	err = keyring_row_mac(ring, row, row->mac);
	return err == 0 ? store_key_spend(ring->sql, row) : err;
}

int
keyring_key_count_above(
    struct keyring *ring, uint32_t counter, uint64_t *count, char id[OTP_ID_MAX + 1])
{
	return store_key_count_above(ring->sql, counter, count, id);
}

int
keyring_key_drop_api(struct keyring *ring, const char *id, uint64_t now)
{
	struct row row;
	int err = keyring_find(ring, id, &row);

	if (err < 0)
		return err;
	if (row.kind != ROW_KIND_API || row.state != ROW_ACTIVE || row.created > now ||
	    now - row.created >= KEYRING_TRIAL_S)
		return -EPERM;
	return store_key_remove(ring->sql, id);
}
