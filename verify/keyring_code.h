/* The recovery codes of users, as keyring.h has their keys: rows that prove
 * themselves, each code spent once. Errors as there. */
#ifndef SALLYPORT_VERIFY_KEYRING_CODE_H
#define SALLYPORT_VERIFY_KEYRING_CODE_H

#include "verify/keyring.h"
#include "verify/store_code.h"

/* Users whose codes can be kept: names of printable ASCII, at most 255 bytes. */
bool keyring_code_can_have(const char *user);

/* 0; -ENOENT; -EBADMSG when the row can't be believed; -EIO. */
int keyring_code_find(
    struct keyring *ring, const char *user, uint8_t number, struct code_row *row);
/* The first that was used without the user's knowing, behind (user, number). */
int keyring_code_next_used(
    struct keyring *ring, const char *user, uint8_t number, struct code_row *row);
/* How many are unused. -EIO. */
int keyring_code_left(struct keyring *ring, const char *user);

/* In a transaction. */
int keyring_code_clear(struct keyring *ring, const char *user);
/* Proves the row and writes it, in place of the one that was there. */
int keyring_code_put(struct keyring *ring, struct code_row *row);
/* The same for one that is used now, which counts as an OTP. */
int keyring_code_spend(struct keyring *ring, struct code_row *row, uint64_t at);

#endif
