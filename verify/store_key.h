/* The table of keys; errors as in store.h. */
#ifndef SALLYPORT_VERIFY_STORE_KEY_H
#define SALLYPORT_VERIFY_STORE_KEY_H

#include "verify/row.h"
#include "verify/sql.h"

/* 0, -ENOENT, -EIO. store_key_next: the first row whose id sorts behind after. */
int store_key_get(struct sql *sql, const char *id, struct row *row);
int store_key_next(struct sql *sql, const char *after, struct row *row);
/* The id of the row with this print. 0, -ENOENT, -EIO. */
int store_key_holder(
    struct sql *sql, const uint8_t print[CRYPT_PRINT], char id[OTP_ID_MAX + 1]);
/* How many active ones have at least this counter, and the first of them. 0, -EIO. */
int store_key_count_above(
    struct sql *sql, uint32_t counter, uint64_t *count, char id[OTP_ID_MAX + 1]);
/* 0; -EEXIST: the id is taken; -ENOTUNIQ: the print is; -EIO. */
int store_key_add(struct sql *sql, const struct row *row);
/* Raises the counter. 0; -ESTALE when the stored one is not lower; -EIO. */
int store_key_spend(struct sql *sql, const struct row *row);
/* 0, -ENOENT, -EIO. */
int store_key_remove(struct sql *sql, const char *id);
/* Writes state and mac. 0, -ENOENT, -EIO. */
int store_key_set_state(struct sql *sql, const struct row *row);

#endif
