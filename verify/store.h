/* The rows on disk, and the only use of SQLite. Knows neither keys nor codes:
 * whether a row may be believed is keyring.h's business. One process at a time
 * has the store open. Errors are logged here; -EIO means that the transaction
 * is lost and that this process must not write again. */
#ifndef SALLYPORT_VERIFY_STORE_H
#define SALLYPORT_VERIFY_STORE_H

#include "verify/row.h"

#include <stdbool.h>

#define STORE_FILE "keys.db"

struct store;

/* The library's own start, before the system-call filter. 0 or -EIO. */
int store_init(void);
/* Opens DIR/keys.db, waiting at most timeout_ms for a predecessor to let go.
 * 0; -EBUSY; -EUCLEAN when damaged or not ours or of another version; -EIO. */
int store_open(struct store **store, const char *dir, int timeout_ms);
/* Copies the log into the file, and closes. Accepts NULL. */
void store_close(struct store *store);

/* Nothing in it yet: store_create makes the tables and this first meta row. */
bool store_is_new(const struct store *store);
int store_create(struct store *store, const struct row_meta *meta);

/* 0 or -EIO. What a transaction wrote is on disk when store_commit returns 0. */
int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store);

/* 0, -ENOENT, -EUCLEAN (misshapen), -EIO. */
int store_get_meta(struct store *store, struct row_meta *meta);
int store_put_meta(struct store *store, const struct row_meta *meta);
/* 0, -ENOENT, -EIO. store_next: the first row whose id sorts behind after. */
int store_get(struct store *store, const char *id, struct row *row);
int store_next(struct store *store, const char *after, struct row *row);
/* 0; -EEXIST: the id is taken; -ENOTUNIQ: the print is; -EIO. */
int store_add(struct store *store, const struct row *row);
/* Raises the counter. 0; -ESTALE when the stored one is not lower; -EIO. */
int store_spend(struct store *store, const struct row *row);
/* Writes state and mac. 0, -ENOENT, -EIO. */
int store_set_state(struct store *store, const struct row *row);

/* Between transactions: copies the log into the file when it has grown long.
 * 0 or -EIO. */
int store_tidy(struct store *store);

#endif
