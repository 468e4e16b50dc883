/* SQLite, wrapped, and its only use: a file of our own, opened with the settings
 * that durability needs, and its statements, which are prepared once and kept.
 * What the tables hold is the business of store_*.c. Errors are logged here; -EIO
 * means that the transaction is lost and that this process must not write again. */
#ifndef SALLYPORT_VERIFY_SQL_H
#define SALLYPORT_VERIFY_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql;
struct sql_stmt;

/* The library's own start, before the system-call filter. 0 or -EIO. */
int sql_init(void);
/* Opens the file at path, makes it if there is none, waits at most timeout_ms for a
 * predecessor to let go. Unless it is empty its application id must be that one.
 * 0; -EBUSY; -EUCLEAN when damaged or not ours; -EIO. */
int sql_open(struct sql **sql, const char *path, const char *application, int timeout_ms);
/* Copies the log into the file, and closes. Accepts NULL. */
void sql_close(struct sql *sql);

/* Is nothing in it? Else its user_version. */
bool sql_is_new(const struct sql *sql);
uint64_t sql_version(const struct sql *sql);

/* Statements without rows or parameters, several at once. 0 or -EIO. */
int sql_script(struct sql *sql, const char *text);
/* What a transaction wrote is on disk when sql_commit returns 0. */
int sql_begin(struct sql *sql);
int sql_commit(struct sql *sql);
void sql_rollback(struct sql *sql);
/* Between transactions: copies the log into the file when it has grown long.
 * 0 or -EIO. */
int sql_tidy(struct sql *sql);

/* A statement (text must be static). NULL when it can't be; then the functions
 * below answer with errors. Between sql_use and sql_done it is one user's. */
struct sql_stmt *sql_use(struct sql *sql, const char *text);
/* The next parameter. Numbers above INT64_MAX become NULL, which no table takes.
 * Texts and blobs must live until sql_done. */
void sql_put_text(struct sql_stmt *stmt, const char *text);
void sql_put_blob(struct sql_stmt *stmt, const uint8_t *bytes, size_t len);
void sql_put_number(struct sql_stmt *stmt, uint64_t value);
/* The next row: 0, -ENOENT when there is none, -EIO. */
int sql_row(struct sql_stmt *stmt);
/* The row's next column; false, and *value empty, unless it has this type and fits.
 * Texts must be printable ASCII and shorter than cap, blobs exactly len bytes. */
bool sql_get_number(struct sql_stmt *stmt, uint64_t max, uint64_t *value);
bool sql_get_text(struct sql_stmt *stmt, char *text, size_t cap);
bool sql_get_blob(struct sql_stmt *stmt, uint8_t *bytes, size_t len);
void sql_done(struct sql_stmt *stmt);
/* Runs one that gives no rows, and is done with it. 0; -EEXIST: the primary key was
 * taken, -ENOTUNIQ: another column's value was; -EIO. *changed (may be NULL): rows. */
int sql_run(struct sql_stmt *stmt, size_t *changed);

#endif
