/* Codes with their proofs. */
#include "verify/keyring_code.h"

#include "lib/secret.h"
#include "lib/wire.h"
#include "verify/keyring_state.h"

#include <errno.h>
#include <string.h>

static int
row_mac(const struct keyring *ring, const struct code_row *row, uint8_t mac[CRYPT_MAC])
{
	uint8_t buf[512];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	wire_put_str(&out, "code 1");
	wire_put_str(&out, row->user);
	wire_put_u8(&out, row->number);
	wire_put_u8(&out, row->state);
	wire_put_u64(&out, row->epoch);
	wire_put_u64(&out, row->at);
	wire_put_bytes(&out, row->salt, sizeof(row->salt));
	wire_put_bytes(&out, row->hash, sizeof(row->hash));
	return out.failed ? -EIO : crypt_mac(ring->crypt, buf, out.len, mac);
}

static int
prove(const struct keyring *ring, const struct code_row *row)
{
	uint8_t mac[CRYPT_MAC];

	if (!ring->is_sound || row->is_misshapen || row->epoch != ring->meta.epoch)
		return -EBADMSG;
	if (row_mac(ring, row, mac) < 0)
		return -EIO;
	return secret_is_equal(mac, row->mac, CRYPT_MAC) ? 0 : -EBADMSG;
}

bool
keyring_code_can_have(const char *user)
{
	size_t len = strlen(user);

	for (size_t i = 0; i < len; i++)
		if (user[i] < ' ' || user[i] > '~')
			return false;
	return len > 0 && len <= PROTO_NAME_MAX;
}

int
keyring_code_find(struct keyring *ring, const char *user, uint8_t number, struct code_row *row)
{
	int err = store_code_get(ring->sql, user, number, row);

	return err == 0 ? prove(ring, row) : err;
}

int
keyring_code_next_used(
    struct keyring *ring, const char *user, uint8_t number, struct code_row *row)
{
	int err = store_code_next(ring->sql, user, number, CODE_USED, row);

	return err == 0 ? prove(ring, row) : err;
}

int
keyring_code_left(struct keyring *ring, const char *user)
{
	return store_code_count(ring->sql, user, CODE_UNUSED);
}

int
keyring_code_clear(struct keyring *ring, const char *user)
{
	return store_code_clear(ring->sql, user);
}

int
keyring_code_put(struct keyring *ring, struct code_row *row)
{
	row->epoch = ring->meta.epoch;
	if (!ring->is_sound || !keyring_code_can_have(row->user) ||
	    row_mac(ring, row, row->mac) < 0)
		return -EIO;
	return store_code_put(ring->sql, row);
}

int
keyring_code_spend(struct keyring *ring, struct code_row *row, uint64_t at)
{
	int err;

	row->state = CODE_USED;
	row->at = at;
	err = keyring_code_put(ring, row);
	if (err < 0)
		return err;
	ring->has_spent = true;
	ring->next.store_seq++;
	return 0;
}
