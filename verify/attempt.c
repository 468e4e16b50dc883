/* The decision about one OTP. */
#include "verify/attempt.h"

#include "lib/layout.h"
#include "lib/log.h"
#include "lib/secret.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static bool
is_users(const struct attempt *attempt, const char *id)
{
	for (size_t i = 0; i < attempt->nids; i++)
		if (strcmp(attempt->ids[i], id) == 0)
			return true;
	return false;
}

/* 0 and the counter; -EINVAL when it was not this key that made it; -EBADMSG
 * when the row's secret can't be opened; -EIO. */
static int
decrypt(
    const struct keyring *ring, const struct row *row, const struct otp *otp, uint32_t *counter)
{
	struct crypt_key key;
	uint8_t plain[OTP_BLOCK];
	int err = keyring_unlock(ring, row, &key);

	if (err == 0)
		err = keyring_open_token(ring, &key, otp->token, plain);
	if (err == 0 && !otp_open(plain, key.uid, counter))
		err = -EINVAL;
	if (err < 0)
		*counter = 0;
	secret_wipe(&key, sizeof(key));
	secret_wipe(plain, sizeof(plain));
	return err;
}

static enum proto_otp
spent(const struct attempt *attempt, const struct row *row)
{
	if (row->state != ROW_ACTIVE)
		return PROTO_OTP_DISABLED;
	return is_users(attempt, row->id) ? PROTO_OTP_OK : PROTO_OTP_FOREIGN;
}

/* The row is sound. */
static int
judge_row(struct keyring *ring, const struct attempt *attempt, const struct otp *otp,
    struct row *row, struct attempt_result *result)
{
	int err = decrypt(ring, row, otp, &result->counter);

	if (err == -EIO)
		return err;
	if (err == 0)
		err = keyring_spend(ring, row, result->counter);
	if (err == -EIO)
		return err;
	if (err == 0)
		result->found = spent(attempt, row);
	else if (err == -EBADMSG || row->state != ROW_ACTIVE)
		result->found = PROTO_OTP_DISABLED;
	else
		result->found = err == -ESTALE ? PROTO_OTP_REPLAYED : PROTO_OTP_GARBLED;
	if (err == 0 && result->counter >> 8 >= ATTEMPT_WORN_USE)
		log_warn("key %s is nearly worn out (use counter %u of 32767): replace it",
		    row->id, result->counter >> 8);
	return 0;
}

/* The row is sound, and of a key whose secret only the service knows. What is not this
 * user's own is not sent anywhere. */
static int
claim(struct keyring *ring, const struct attempt *attempt, const struct otp *otp,
    const struct row *row, struct attempt_result *result)
{
	int err;

	if (row->state != ROW_ACTIVE) {
		result->found = PROTO_OTP_DISABLED;
		return 0;
	}
	if (!is_users(attempt, row->id)) {
		result->found = PROTO_OTP_FOREIGN;
		return 0;
	}
	otp_write(otp, result->ask);
	err = keyring_claim(ring, result->ask, (uint64_t)time(NULL));
	result->found = err == -EEXIST ? PROTO_OTP_REPLAYED : PROTO_OTP_FAILED;
	if (err < 0)
		attempt_forget(result);
	return err == -EEXIST ? 0 : err;
}

static int
judge_found(struct keyring *ring, const struct attempt *attempt, const struct otp *otp,
    struct row *row, struct attempt_result *result)
{
	return row->kind == ROW_KIND_API ? claim(ring, attempt, otp, row, result)
					 : judge_row(ring, attempt, otp, row, result);
}

static int
judge_otp(struct keyring *ring, const struct attempt *attempt, const struct otp *otp,
    struct attempt_result *result)
{
	struct row row;
	int err = keyring_find(ring, otp->id, &row);

	memcpy(result->id, otp->id, sizeof(result->id));
	if (err == 0)
		return judge_found(ring, attempt, otp, &row, result);
	if (err == -ENOENT) {
		result->found = PROTO_OTP_UNKNOWN;
		return 0;
	}
	if (err == -EBADMSG) {
		log_error("store: the row of key %s is broken: refused", otp->id);
		result->found = PROTO_OTP_DISABLED;
		return 0;
	}
	return err;
}

/* 3: it is the user's; 2: it is in the store; 1: it is neither. -EIO. */
static int
rank(struct keyring *ring, const struct attempt *attempt, const char *id)
{
	struct row row;
	int err;

	if (is_users(attempt, id))
		return 3;
	err = keyring_find(ring, id, &row);
	if (err == -EIO)
		return err;
	return err == -ENOENT ? 1 : 2;
}

/* What was meant: as it stands if that is an OTP of a key of the user's, else the
 * best of what it says on other keyboards. Modhex goes first, because most of its
 * letters are Dvorak's as well. 0, -EINVAL when it is an OTP on none, -EIO. */
static int
read_text(struct keyring *ring, const struct attempt *attempt, struct otp *otp)
{
	int best = 0, is = 0;
	struct otp other;

	if (otp_read(attempt->text, attempt->len, otp) == 0)
		best = rank(ring, attempt, otp->id);
	for (size_t i = 0; i < LAYOUT_COUNT && best >= 0 && best < 3; i++) {
		if ((attempt->layouts & 1u << i) == 0 ||
		    otp_read_on(i, attempt->text, attempt->len, &other) < 0)
			continue;
		is = rank(ring, attempt, other.id);
		if (is < 0 || is > best) {
			best = is;
			*otp = other;
		}
	}
	if (best < 0)
		return best;
	return best > 0 ? 0 : -EINVAL;
}

/* What has an OTP's form and is none of a key that is known. */
static void
hint(struct keyring *ring, const struct attempt *attempt, const struct otp *otp,
    enum proto_otp found)
{
	if (attempt->repeat == NULL ||
	    (found != PROTO_OTP_GARBLED && found != PROTO_OTP_UNKNOWN))
		return;
	if (repeat_note(attempt->repeat, ring, otp))
		log_info(
		    "the same text, which is no OTP of a known key, was typed again by the "
		    "owner of %s: a YubiKey slot with a static password, perhaps",
		    attempt->nids > 0 ? attempt->ids[0] : "no key");
}

int
attempt_judge(
    struct keyring *ring, const struct attempt *attempt, struct attempt_result *result)
{
	struct otp otp;
	int err = 0;

	*result = (struct attempt_result){.found = PROTO_OTP_FAILED};
	if (!keyring_is_sound(ring))
		goto out;
	result->found = PROTO_OTP_GARBLED;
	err = read_text(ring, attempt, &otp);
	if (err == -EINVAL)
		err = 0;
	else if (err == 0)
		err = judge_otp(ring, attempt, &otp, result);
	if (err == 0 && result->id[0] != '\0')
		hint(ring, attempt, &otp, result->found);
out:
	if (err < 0)
		result->found = PROTO_OTP_FAILED;
	result->store_seq = keyring_store_seq(ring);
	return err;
}

int
attempt_confirm(
    struct keyring *ring, const struct attempt_api *api, struct attempt_result *result)
{
	struct row row;
	int err;

	*result = (struct attempt_result){.found = PROTO_OTP_FAILED, .counter = api->counter};
	memcpy(result->id, api->id, sizeof(result->id));
	/* The helper api said that number: it shall fail no OTP but this one. */
	if (api->counter > OTP_COUNTER_MAX) {
		result->store_seq = keyring_store_seq(ring);
		return 0;
	}
	err = keyring_is_sound(ring) ? keyring_find(ring, api->id, &row) : -ENOENT;
	if (err == 0 && (row.kind != ROW_KIND_API || row.state != ROW_ACTIVE))
		err = -EBADMSG;
	else if (err == 0 && api->counter != 0)
		err = keyring_spend(ring, &row, api->counter);
	if (err == 0)
		result->found = PROTO_OTP_OK;
	else if (err == -ESTALE)
		result->found = PROTO_OTP_REPLAYED;
	else if (err == -EBADMSG || err == -ENOENT)
		result->found = PROTO_OTP_DISABLED;
	result->store_seq = keyring_store_seq(ring);
	if (err == -ESTALE)
		log_warn("key %s: the validation service said OK to a counter (%u) that is "
			 "not above the last one: refused",
		    api->id, api->counter >> 8);
	return err == -EIO ? err : 0;
}

void
attempt_forget(struct attempt_result *result)
{
	secret_wipe(result->ask, sizeof(result->ask));
}
