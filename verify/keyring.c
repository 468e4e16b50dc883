/* Rows with their codes. */
#include "verify/keyring.h"

#include "lib/log.h"
#include "lib/secret.h"
#include "lib/wire.h"
#include "verify/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct keyring {
	struct store *store;
	const struct crypt *crypt;
	struct row_meta meta; /* as on disk */
	struct row_meta next; /* as it will be after the transaction */
	bool is_sound;
	bool has_spent; /* in this transaction */
};

/* What the codes cover: every field at a fixed place or with its length in
 * front, and a label, so that no row can pass for a row of another kind. */
static int
row_mac(const struct keyring *ring, const struct row *row, uint8_t mac[CRYPT_MAC])
{
	uint8_t buf[256];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	wire_put_str(&out, "key 1");
	wire_put_str(&out, row->id);
	wire_put_u8(&out, row->state);
	wire_put_u32(&out, row->counter);
	wire_put_u64(&out, row->epoch);
	wire_put_u64(&out, row->created);
	wire_put_str(&out, row->note);
	wire_put_bytes(&out, row->print, sizeof(row->print));
	wire_put_bytes(&out, row->wrapped, sizeof(row->wrapped));
	return out.failed ? -EIO : crypt_mac(ring->crypt, buf, out.len, mac);
}

static int
meta_mac(const struct keyring *ring, const struct row_meta *meta, uint8_t mac[CRYPT_MAC])
{
	uint8_t buf[64];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	wire_put_str(&out, "meta 1");
	wire_put_u64(&out, meta->epoch);
	wire_put_u64(&out, meta->store_seq);
	wire_put_u64(&out, meta->audit_seq);
	return out.failed ? -EIO : crypt_mac(ring->crypt, buf, out.len, mac);
}

static int
make_store(struct keyring *ring)
{
	struct row_meta first = {.epoch = 1};
	int err = meta_mac(ring, &first, first.mac);

	if (err < 0)
		return err;
	log_info("store: new and empty");
	return store_create(ring->store, &first);
}

static int
load_meta(struct keyring *ring)
{
	uint8_t mac[CRYPT_MAC];
	int err = store_get_meta(ring->store, &ring->meta);

	if (err == -EIO)
		return err;
	if (err == 0 && meta_mac(ring, &ring->meta, mac) == 0 &&
	    secret_is_equal(mac, ring->meta.mac, CRYPT_MAC)) {
		ring->is_sound = true;
	} else {
		log_error("store: its sequence record is broken, or sealed with another key "
			  "file: every OTP will be refused");
		ring->meta = (struct row_meta){0};
	}
	ring->next = ring->meta;
	return 0;
}

int
keyring_open(struct keyring **ring, const char *dir, const struct crypt *crypt, int timeout_ms)
{
	struct keyring *r = calloc(1, sizeof(*r));
	int err;

	if (r == NULL)
		return -ENOMEM;
	r->crypt = crypt;
	err = store_open(&r->store, dir, timeout_ms);
	if (err == 0 && store_is_new(r->store))
		err = make_store(r);
	if (err == 0)
		err = load_meta(r);
	if (err == 0)
		*ring = r;
	else
		keyring_close(r);
	return err;
}

void
keyring_close(struct keyring *ring)
{
	if (ring == NULL)
		return;
	store_close(ring->store);
	free(ring);
}

bool
keyring_is_sound(const struct keyring *ring)
{
	return ring->is_sound;
}

uint64_t
keyring_store_seq(const struct keyring *ring)
{
	return ring->next.store_seq;
}

uint64_t
keyring_audit_seq(const struct keyring *ring)
{
	return ring->meta.audit_seq;
}

void
keyring_tell_audit_seq(struct keyring *ring, uint64_t seq)
{
	if (seq > ring->next.audit_seq && seq <= INT64_MAX)
		ring->next.audit_seq = seq;
}

int
keyring_begin(struct keyring *ring)
{
	ring->has_spent = false;
	return store_begin(ring->store);
}

int
keyring_commit(struct keyring *ring)
{
	int err = 0;

	if (ring->has_spent) {
		err = meta_mac(ring, &ring->next, ring->next.mac);
		if (err == 0)
			err = store_put_meta(ring->store, &ring->next);
	}
	if (err == 0)
		err = store_commit(ring->store);
	if (err < 0) {
		keyring_rollback(ring);
		return err;
	}
	if (ring->has_spent)
		ring->meta = ring->next;
	ring->has_spent = false;
	return 0;
}

void
keyring_rollback(struct keyring *ring)
{
	store_rollback(ring->store);
	ring->next.store_seq = ring->meta.store_seq;
	ring->has_spent = false;
}

int
keyring_tidy(struct keyring *ring)
{
	return store_tidy(ring->store);
}

static int
prove(struct keyring *ring, const struct row *row)
{
	uint8_t mac[CRYPT_MAC];

	if (row->is_misshapen || row->epoch != ring->meta.epoch)
		return -EBADMSG;
	if (row_mac(ring, row, mac) < 0)
		return -EIO;
	return secret_is_equal(mac, row->mac, CRYPT_MAC) ? 0 : -EBADMSG;
}

int
keyring_find(struct keyring *ring, const char *id, struct row *row)
{
	int err = store_get(ring->store, id, row);

	return err == 0 ? prove(ring, row) : err;
}

int
keyring_next(struct keyring *ring, const char *after, struct row *row)
{
	int err = store_next(ring->store, after, row);

	if (err == 0 && row->id[0] == '\0')
		return -ENOENT;
	return err == 0 ? prove(ring, row) : err;
}

int
keyring_unlock(const struct keyring *ring, const struct row *row, struct crypt_key *key)
{
	return crypt_unwrap(ring->crypt, row->id, row->wrapped, key);
}

int
keyring_open_token(const struct keyring *ring, const struct crypt_key *key,
    const uint8_t token[CRYPT_BLOCK], uint8_t plain[CRYPT_BLOCK])
{
	return crypt_open_token(ring->crypt, key->aes, token, plain);
}

int
keyring_add(struct keyring *ring, const char *id, const struct crypt_key *key, const char *note,
    uint64_t created)
{
	struct row row;
	int err;

	if (!ring->is_sound || strlen(id) > OTP_ID_MAX || strlen(note) > ROW_NOTE_MAX)
		return -EINVAL;
	err = store_get(ring->store, id, &row);
	if (err != -ENOENT)
		return err == 0 ? -EEXIST : err;
	row = (struct row){.state = ROW_ACTIVE, .epoch = ring->meta.epoch, .created = created};
	memcpy(row.id, id, strlen(id) + 1);
	memcpy(row.note, note, strlen(note) + 1);
	err = crypt_print(ring->crypt, key->aes, row.print);
	if (err == 0)
		err = crypt_wrap(ring->crypt, id, key, row.wrapped);
	if (err == 0)
		err = row_mac(ring, &row, row.mac);
	return err == 0 ? store_add(ring->store, &row) : err;
}

int
keyring_spend(struct keyring *ring, struct row *row, uint32_t counter)
{
	int err;

	if (counter <= row->counter)
		return -ESTALE;
	row->counter = counter;
	err = row_mac(ring, row, row->mac);
	if (err == 0)
		err = store_spend(ring->store, row);
	if (err < 0)
		return err;
	ring->has_spent = true;
	ring->next.store_seq++;
	return 0;
}

int
keyring_set_state(struct keyring *ring, struct row *row, enum row_state state)
{
	int err;

	row->state = (uint8_t)state;
	err = row_mac(ring, row, row->mac);
	return err == 0 ? store_set_state(ring->store, row) : err;
}
