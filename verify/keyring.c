/* Rows with their codes. */
#include "verify/keyring.h"

#include "lib/log.h"
#include "lib/secret.h"
#include "lib/wire.h"
#include "verify/keyring_state.h"
#include "verify/store.h"
#include "verify/store_claim.h"
#include "verify/store_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PRUNE_EVERY 100 /* claims */

/* What the codes cover: every field at a fixed place or with its length in
 * front, and a label, so that no row can pass for a row of another kind. That of a
 * local key is the label of the store's first version, which had no other kind. */
int
keyring_row_mac(const struct keyring *ring, const struct row *row, uint8_t mac[CRYPT_MAC])
{
	const char *label = row->kind == ROW_KIND_LOCAL ? "key 1" : "api key 1";
	uint8_t buf[256];
	struct wire_out out;

	if (row->kind != ROW_KIND_LOCAL && row->kind != ROW_KIND_API)
		return -EBADMSG;
	wire_out_init(&out, buf, sizeof(buf));
	wire_put_str(&out, label);
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
	return store_create(ring->sql, &first);
}

static int
load_meta(struct keyring *ring)
{
	uint8_t mac[CRYPT_MAC];
	int err = store_get_meta(ring->sql, &ring->meta);

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
	err = store_open(&r->sql, dir, timeout_ms);
	if (err == 0 && sql_is_new(r->sql))
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
	sql_close(ring->sql);
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
	return sql_begin(ring->sql);
}

int
keyring_commit(struct keyring *ring)
{
	int err = 0;

	if (ring->has_spent) {
		err = meta_mac(ring, &ring->next, ring->next.mac);
		if (err == 0)
			err = store_put_meta(ring->sql, &ring->next);
	}
	if (err == 0)
		err = sql_commit(ring->sql);
	if (err < 0) {
		keyring_rollback(ring);
		return err;
	}
	if (ring->has_spent)
		ring->meta = ring->next;
	ring->has_spent = false;
	return 0;
}

int
keyring_note_audit_seq(struct keyring *ring, uint64_t seq)
{
	int err;

	if (seq <= ring->meta.audit_seq || seq > INT64_MAX)
		return 0;
	err = keyring_begin(ring);
	if (err < 0)
		return err;
	keyring_tell_audit_seq(ring, seq);
	ring->has_spent = true; /* so that the numbers are written */
	return keyring_commit(ring);
}

void
keyring_rollback(struct keyring *ring)
{
	sql_rollback(ring->sql);
	ring->next.store_seq = ring->meta.store_seq;
	ring->has_spent = false;
}

int
keyring_tidy(struct keyring *ring)
{
	if (ring->claims >= PRUNE_EVERY) {
		ring->claims = 0;
		if (store_claim_prune(ring->sql, (uint64_t)time(NULL)) < 0)
			return -EIO;
	}
	return sql_tidy(ring->sql);
}

static int
prove(struct keyring *ring, const struct row *row)
{
	uint8_t mac[CRYPT_MAC];
	int err;

	if (row->is_misshapen || row->epoch != ring->meta.epoch)
		return -EBADMSG;
	err = keyring_row_mac(ring, row, mac);
	if (err < 0)
		return err;
	return secret_is_equal(mac, row->mac, CRYPT_MAC) ? 0 : -EBADMSG;
}

int
keyring_find(struct keyring *ring, const char *id, struct row *row)
{
	int err = store_key_get(ring->sql, id, row);

	return err == 0 ? prove(ring, row) : err;
}

int
keyring_next(struct keyring *ring, const char *after, struct row *row)
{
	int err = store_key_next(ring->sql, after, row);

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

/* A row to be filled: 0; -EEXIST; -EINVAL; -EIO. */
static int
new_row(struct keyring *ring, const char *id, enum row_kind kind, const char *note,
    uint64_t created, struct row *row)
{
	int err;

	if (!ring->is_sound || strlen(id) > OTP_ID_MAX || strlen(note) > ROW_NOTE_MAX)
		return -EINVAL;
	err = store_key_get(ring->sql, id, row);
	if (err != -ENOENT)
		return err == 0 ? -EEXIST : err;
	*row = (struct row){.kind = (uint8_t)kind,
	    .state = ROW_ACTIVE,
	    .epoch = ring->meta.epoch,
	    .created = created};
	memcpy(row->id, id, strlen(id) + 1);
	memcpy(row->note, note, strlen(note) + 1);
	return 0;
}

static int
add_row(struct keyring *ring, struct row *row)
{
	int err = keyring_row_mac(ring, row, row->mac);

	return err == 0 ? store_key_add(ring->sql, row) : -EIO;
}

int
keyring_add(struct keyring *ring, const char *id, const struct crypt_key *key, const char *note,
    uint64_t created)
{
	struct row row;
	int err = new_row(ring, id, ROW_KIND_LOCAL, note, created, &row);

	if (err == 0)
		err = crypt_print(ring->crypt, key->aes, row.print);
	if (err == 0)
		err = crypt_wrap(ring->crypt, id, key, row.wrapped);
	return err == 0 ? add_row(ring, &row) : err;
}

/* The code of a text under a label of its own. */
static int
label_mac(
    const struct keyring *ring, const char *label, const char *text, uint8_t mac[CRYPT_MAC])
{
	uint8_t buf[128];
	struct wire_out out;
	int err;

	wire_out_init(&out, buf, sizeof(buf));
	wire_put_str(&out, label);
	wire_put_str(&out, text);
	err = out.failed ? -EIO : crypt_mac(ring->crypt, buf, out.len, mac);
	secret_wipe(buf, sizeof(buf));
	return err;
}

int
keyring_add_api(struct keyring *ring, const char *id, const char *note, uint64_t created)
{
	uint8_t mac[CRYPT_MAC];
	struct row row;
	int err = new_row(ring, id, ROW_KIND_API, note, created, &row);

	/* There is no secret to be told apart from others: the id stands in for it. */
	if (err == 0)
		err = label_mac(ring, "api print 1", id, mac);
	if (err < 0)
		return err;
	memcpy(row.print, mac, sizeof(row.print));
	return add_row(ring, &row);
}

int
keyring_claim(struct keyring *ring, const char *otp, uint64_t at)
{
	uint8_t hash[CRYPT_MAC];
	int err = label_mac(ring, "claim 1", otp, hash);

	if (err == 0)
		err = store_claim_add(ring->sql, hash, at);
	if (err < 0)
		return err;
	ring->has_spent = true;
	ring->next.store_seq++;
	ring->claims++;
	return 0;
}

int
keyring_spend(struct keyring *ring, struct row *row, uint32_t counter)
{
	int err;

	if (counter <= row->counter)
		return -ESTALE;
	row->counter = counter;
	err = keyring_row_mac(ring, row, row->mac);
	if (err == 0)
		err = store_key_spend(ring->sql, row);
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
	err = keyring_row_mac(ring, row, row->mac);
	return err == 0 ? store_key_set_state(ring->sql, row) : err;
}
