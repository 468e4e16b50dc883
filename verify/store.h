/* The store: its file, the versions of its tables, its one meta row. The tables of
 * keys and claims are store_key.h's and store_claim.h's. Whether a row may be
 * believed is keyring.h's business. One process at a time has the store open.
 * Errors are logged in sql.c; -EIO means that the transaction is lost and that this
 * process must not write again. */
#ifndef SALLYPORT_VERIFY_STORE_H
#define SALLYPORT_VERIFY_STORE_H

#include "verify/row.h"
#include "verify/sql.h"

#define STORE_FILE "keys.db"

/* Opens DIR/keys.db, waiting at most timeout_ms for a predecessor to let go; an
 * older version's tables are brought up to date. 0; -EBUSY; -EUCLEAN when damaged,
 * not ours or a newer version's; -EIO. To be closed with sql_close. */
int store_open(struct sql **sql, const char *dir, int timeout_ms);

/* For one in which nothing is yet (sql_is_new): makes the tables and the first meta
 * row. 0 or -EIO. */
int store_create(struct sql *sql, const struct row_meta *meta);

/* 0, -ENOENT, -EUCLEAN (misshapen), -EIO. */
int store_get_meta(struct sql *sql, struct row_meta *meta);
int store_put_meta(struct sql *sql, const struct row_meta *meta);

#endif
