/* What an import asks of the keyring beside keyring.h. */
#ifndef SALLYPORT_VERIFY_KEYRING_KEY_H
#define SALLYPORT_VERIFY_KEYRING_KEY_H

#include "verify/keyring.h"

/* Tells equal AES keys apart from others, without showing them. 0 or -EIO. */
int keyring_key_print(
    const struct keyring *ring, const struct crypt_key *key, uint8_t print[CRYPT_PRINT]);
/* Which key has this print, even if deleted. 0; -ENOENT; -EIO. */
int keyring_key_holder(
    struct keyring *ring, const uint8_t print[CRYPT_PRINT], char id[OTP_ID_MAX + 1]);
/* Is the sound row's secret this very one? 0 no, 1 yes, -EBADMSG, -EIO. */
int keyring_key_is_same(
    const struct keyring *ring, const struct row *row, const struct crypt_key *key);
/* In a transaction, for a row that was found with 0: raises its counter although no
 * OTP was seen. 0; -ESTALE when it is not above the stored one; -EIO. */
int keyring_key_raise(struct keyring *ring, struct row *row, uint32_t counter);
/* How many active keys have at least this counter, and one of them. Their rows are not
 * proved: to be told, not to be decided by. 0 or -EIO. */
int keyring_key_count_above(
    struct keyring *ring, uint32_t counter, uint64_t *count, char id[OTP_ID_MAX + 1]);

/* In a transaction. Takes keyring_add_api back, within KEYRING_TRIAL_S: an enrolment that
 * came to nothing leaves nothing. Claims stay, so that no OTP comes back. 0; -ENOENT,
 * -EBADMSG as keyring_find; -EPERM: not such a key, or not any more; -EIO. */
#define KEYRING_TRIAL_S 3600
int keyring_key_drop_api(struct keyring *ring, const char *id, uint64_t now);

#endif
