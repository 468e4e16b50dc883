/* What is asked about keys: the list, switching off and on, keys of the service. */
#include "verify/keyring_key.h"
#include "verify/keyring_recover.h"
#include "verify/verifier_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Rows of one KEYS message: each takes at most 112 bytes. */
#define PAGE_ROWS 400
/* Characters of a public id that a validation service takes. */
#define API_ID_MAX 16

static uint8_t
state_of(const struct row *row, int err)
{
	if (err < 0 || row->state == ROW_NONE || row->state > ROW_DELETED)
		return PROTO_KEY_BROKEN;
	return row->state == ROW_ACTIVE ? PROTO_KEY_ACTIVE : PROTO_KEY_DISABLED;
}

static void
put_row(struct wire_out *out, const struct row *row, uint8_t state)
{
	bool is_deleted = state == PROTO_KEY_DISABLED && row->state == ROW_DELETED;
	char note[ROW_NOTE_MAX + 8];

	snprintf(note, sizeof(note), "%s%s%s", row->kind == ROW_KIND_API ? "API" : "",
	    row->kind == ROW_KIND_API && row->note[0] != '\0' ? ": " : "", row->note);
	wire_put_str(out, row->id);
	wire_put_u8(out, state);
	wire_put_u32(out, row->counter);
	wire_put_u64(out, row->created);
	wire_put_str(out, is_deleted ? "deleted" : note);
}

int
verifier_on_list(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	char after[OTP_ID_MAX + 1];
	struct row row;
	struct wire_out out, head;
	uint16_t n = 0;
	int err;

	(void)fd;
	wire_get_str(in, after, sizeof(after));
	if (wire_end(in) < 0)
		return -EBADMSG;
	verifier_begin(v, &out, PROTO_KEYS, id);
	head = out; /* writes "more" and n once they are known */
	wire_put_u8(&out, 0);
	wire_put_u16(&out, 0);
	while ((err = keyring_next(v->ring, after, &row)) == 0 || err == -EBADMSG) {
		if (n == PAGE_ROWS)
			break;
		put_row(&out, &row, state_of(&row, err));
		memcpy(after, row.id, sizeof(after));
		n++;
	}
	if (err < 0 && err != -ENOENT && err != -EBADMSG)
		return err;
	wire_put_u8(&head, err != -ENOENT);
	wire_put_u16(&head, n);
	return verifier_send(&out);
}

/* 0; -EEXIST, -EINVAL: the store is not sound; -EIO. */
static int
add_api(struct keyring *ring, const char *key, const char *note)
{
	int err = keyring_begin(ring);

	if (err < 0)
		return err;
	err = keyring_add_api(ring, key, note, (uint64_t)time(NULL));
	if (err == 0)
		return keyring_commit(ring);
	keyring_rollback(ring);
	return err;
}

int
verifier_on_add_api(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	char key[OTP_ID_MAX + 1], note[ROW_NOTE_MAX + 1];
	size_t len;
	int err, told;

	(void)fd;
	wire_get_str(in, key, sizeof(key));
	wire_get_str(in, note, sizeof(note));
	len = strlen(key);
	if (wire_end(in) < 0)
		return -EBADMSG;
	/* Validation services know no longer ids. */
	if (len < 2 || len > API_ID_MAX || len % 2 != 0 || !otp_is_modhex(key, len))
		return verifier_send_done(
		    v, id, 1, "a public id there has 2 to 16 modhex characters\n");
	err = add_api(v->ring, key, note);
	if (err == 0)
		return verifier_send_done(v, id, 0, "");
	if (err == -EEXIST || err == -ENOTUNIQ)
		return verifier_send_done(v, id, 1, "the key is in the store already\n");
	told = verifier_send_done(v, id, 1, "the store failed (see the log)\n");
	return told < 0 || err == -EINVAL ? told : err;
}

/* As keyring_key_drop_api. */
static int
drop_api(struct keyring *ring, const char *key)
{
	int err = keyring_begin(ring);

	if (err < 0)
		return err;
	err = keyring_key_drop_api(ring, key, (uint64_t)time(NULL));
	if (err == 0)
		return keyring_commit(ring);
	keyring_rollback(ring);
	return err;
}

int
verifier_on_drop_api(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	char key[OTP_ID_MAX + 1];
	int err, told;

	(void)fd;
	wire_get_str(in, key, sizeof(key));
	if (wire_end(in) < 0)
		return -EBADMSG;
	err = drop_api(v->ring, key);
	if (err == 0)
		return verifier_send_done(v, id, 0, "");
	told = verifier_send_done(v, id, 1,
	    err == -EIO ? "the store failed (see the log)\n"
			: "no key of the validation service that was just added\n");
	return told < 0 || err != -EIO ? told : err;
}

/* 0, -ENOENT, -EBADMSG, -EPERM: deleted; -EIO. */
static int
set_state(struct keyring *ring, const char *key, enum row_state state)
{
	struct row row;
	int err = keyring_begin(ring);

	if (err < 0)
		return err;
	err = keyring_find(ring, key, &row);
	if (err == 0 && row.state == ROW_DELETED && state == ROW_ACTIVE)
		err = -EPERM;
	else if (err == 0 && row.state != state && row.state != ROW_DELETED)
		err = keyring_set_state(ring, &row, state);
	if (err == 0)
		return keyring_commit(ring);
	keyring_rollback(ring);
	return err;
}

static int
switch_key(struct verifier *v, uint32_t id, struct wire_in *in, enum row_state state)
{
	char key[OTP_ID_MAX + 1];
	int err, told;

	wire_get_str(in, key, sizeof(key));
	if (wire_end(in) < 0)
		return -EBADMSG;
	err = set_state(v->ring, key, state);
	if (err == -ENOENT)
		return verifier_send_done(v, id, 1, "there is no such key\n");
	if (err == -EBADMSG)
		return verifier_send_done(
		    v, id, 1, "the key's row is broken: it is refused anyway\n");
	if (err == -EPERM)
		return verifier_send_done(v, id, 1, "the key was deleted for good\n");
	if (err == 0)
		return verifier_send_done(v, id, 0, "");
	told = verifier_send_done(v, id, 1, "the store failed (see the log)\n");
	return told < 0 ? told : err;
}

int
verifier_on_disable(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	(void)fd;
	return switch_key(v, id, in, ROW_DISABLED);
}

int
verifier_on_enable(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	(void)fd;
	return switch_key(v, id, in, ROW_ACTIVE);
}

int
verifier_on_recover(struct verifier *v, uint32_t id, struct wire_in *in, int *fd)
{
	uint64_t store_seq = wire_get_u64(in), audit_seq = wire_get_u64(in);
	int err, told;

	(void)fd;
	if (wire_end(in) < 0)
		return -EBADMSG;
	err = keyring_recover(v->ring, store_seq, audit_seq);
	if (err == 0)
		return verifier_send_done(v, id, 0, "");
	if (err == -EINVAL)
		return verifier_send_done(
		    v, id, 1, "the store is broken (see the log): put a backup of it back\n");
	told = verifier_send_done(v, id, 1, "the store failed (see the log)\n");
	return told < 0 ? told : err;
}

int
verifier_tell_worn(struct verifier *v)
{
	char id[OTP_ID_MAX + 1];
	struct wire_out out;
	uint64_t count;
	int err = keyring_key_count_above(v->ring, ATTEMPT_WORN_USE << 8, &count, id);

	if (err < 0 || count == 0)
		return err;
	verifier_begin(v, &out, PROTO_KEYS_WORN, 0);
	wire_put_u32(&out, (uint32_t)count);
	wire_put_str(&out, id);
	return verifier_send(&out);
}
