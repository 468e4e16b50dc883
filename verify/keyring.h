/* The keys that this gateway knows: rows that prove themselves by their codes,
 * counters that only rise, claims, and the store's sequence; on top of store*.h. -EIO
 * anywhere means: the transaction is lost, answer nothing as accepted, end the
 * process without another write. */
#ifndef SALLYPORT_VERIFY_KEYRING_H
#define SALLYPORT_VERIFY_KEYRING_H

#include "verify/row.h"

struct keyring;

/* Opens the store in dir (store_open), makes it if there is none. crypt must
 * outlive the ring. A meta row that fails its check is no error, but then
 * keyring_is_sound is false. */
int keyring_open(
    struct keyring **ring, const char *dir, const struct crypt *crypt, int timeout_ms);
/* Closes in order; not after -EIO. Accepts NULL. */
void keyring_close(struct keyring *ring);
/* Unless true, nothing in the store may be believed: no OTP is judged. */
bool keyring_is_sound(const struct keyring *ring);
/* OTPs ever spent and claimed, with those of the open transaction. */
uint64_t keyring_store_seq(const struct keyring *ring);
/* The highest audit sequence on record; told ones are kept with the next OTP that is
 * spent, so that a refusal costs no flush; noted ones now: 0 or -EIO. */
uint64_t keyring_audit_seq(const struct keyring *ring);
void keyring_tell_audit_seq(struct keyring *ring, uint64_t seq);
int keyring_note_audit_seq(struct keyring *ring, uint64_t seq);
/* 0 or -EIO. After keyring_commit's 0, what was done is on disk. */
int keyring_begin(struct keyring *ring);
int keyring_commit(struct keyring *ring);
void keyring_rollback(struct keyring *ring);
int keyring_tidy(struct keyring *ring); /* upkeep, outside a transaction: 0 or -EIO */

/* 0; -ENOENT; -EBADMSG when the row's code is wrong or of an older epoch (*row
 * may then only be shown, not believed); -EIO. */
int keyring_find(struct keyring *ring, const char *id, struct row *row);
int keyring_next(struct keyring *ring, const char *after, struct row *row);
/* The row's secret; the caller wipes it. 0, -EBADMSG, -EIO. */
int keyring_unlock(
    const struct keyring *ring, const struct row *row, struct crypt_key *key);
/* Decrypts one block with it. 0 or -EIO. */
int keyring_open_token(const struct keyring *ring, const struct crypt_key *key,
    const uint8_t token[CRYPT_BLOCK], uint8_t plain[CRYPT_BLOCK]);

/* In a transaction. A new key, active, counter 0. 0; -EEXIST: the public id,
 * -ENOTUNIQ: the AES key was there already, even if deleted since; -EIO. */
int keyring_add(struct keyring *ring, const char *id, const struct crypt_key *key,
    const char *note, uint64_t created);
/* The same for a key that a validation service knows. */
int keyring_add_api(struct keyring *ring, const char *id, const char *note, uint64_t created);
/* In a transaction. An OTP (normalised) is to be sent to the service: counts it.
 * 0; -EEXIST when it was claimed before; -EIO. at: s since 1970. */
int keyring_claim(struct keyring *ring, const char *otp, uint64_t at);
/* In a transaction. Raises row's counter and counts the OTP. 0; -ESTALE when it
 * is not above the stored one; -EIO. */
int keyring_spend(struct keyring *ring, struct row *row, uint32_t counter);
/* In a transaction, for a row that was found with 0. 0, -ENOENT, -EIO. */
int keyring_set_state(struct keyring *ring, struct row *row, enum row_state state);

#endif
