/* Rows of codes, to and from the table. */
#include "verify/store_code.h"

#include <errno.h>

#define COLUMNS "user, number, state, epoch, created, salt, hash, mac"

static void
take(struct sql_stmt *stmt, struct code_row *row)
{
	uint64_t number = 0, state = 0;
	bool ok = sql_get_text(stmt, row->user, sizeof(row->user));

	ok = sql_get_number(stmt, UINT8_MAX, &number) && ok;
	ok = sql_get_number(stmt, UINT8_MAX, &state) && ok;
	ok = sql_get_number(stmt, INT64_MAX, &row->epoch) && ok;
	ok = sql_get_number(stmt, INT64_MAX, &row->at) && ok;
	ok = sql_get_blob(stmt, row->salt, sizeof(row->salt)) && ok;
	ok = sql_get_blob(stmt, row->hash, sizeof(row->hash)) && ok;
	ok = sql_get_blob(stmt, row->mac, sizeof(row->mac)) && ok;
	row->number = (uint8_t)number;
	row->state = ok ? (uint8_t)state : CODE_NONE;
	row->is_misshapen = !ok;
}

static int
get(struct sql_stmt *stmt, struct code_row *row)
{
	int err = sql_row(stmt);

	*row = (struct code_row){0};
	if (err == 0)
		take(stmt, row);
	sql_done(stmt);
	return err;
}

int
store_code_get(struct sql *sql, const char *user, uint8_t number, struct code_row *row)
{
	struct sql_stmt *stmt =
	    sql_use(sql, "SELECT " COLUMNS " FROM code WHERE user = ?1 AND number = ?2");

	sql_put_text(stmt, user);
	sql_put_number(stmt, number);
	return get(stmt, row);
}

int
store_code_next(struct sql *sql, const char *user, uint8_t number, enum code_state state,
    struct code_row *row)
{
	static const char text[] =
	    "SELECT " COLUMNS " FROM code WHERE (user, number) > (?1, ?2) AND state = ?3"
	    " AND number > 0 ORDER BY user, number LIMIT 1";
	struct sql_stmt *stmt = sql_use(sql, text);

	sql_put_text(stmt, user);
	sql_put_number(stmt, number);
	sql_put_number(stmt, (uint64_t)state);
	return get(stmt, row);
}

int
store_code_count(struct sql *sql, const char *user, enum code_state state)
{
	struct sql_stmt *stmt = sql_use(
	    sql, "SELECT count(*) FROM code WHERE user = ?1 AND state = ?2 AND number > 0");
	uint64_t n = 0;
	int err;

	sql_put_text(stmt, user);
	sql_put_number(stmt, (uint64_t)state);
	err = sql_row(stmt);
	if (err == 0 && !sql_get_number(stmt, UINT8_MAX, &n))
		n = 0;
	sql_done(stmt);
	return err == -EIO ? err : (int)n;
}

int
store_code_put(struct sql *sql, const struct code_row *row)
{
	struct sql_stmt *stmt = sql_use(sql, "INSERT OR REPLACE INTO code (" COLUMNS
					     ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	sql_put_text(stmt, row->user);
	sql_put_number(stmt, row->number);
	sql_put_number(stmt, row->state);
	sql_put_number(stmt, row->epoch);
	sql_put_number(stmt, row->at);
	sql_put_blob(stmt, row->salt, sizeof(row->salt));
	sql_put_blob(stmt, row->hash, sizeof(row->hash));
	sql_put_blob(stmt, row->mac, sizeof(row->mac));
	return sql_run(stmt, NULL) == 0 ? 0 : -EIO;
}

int
store_code_clear(struct sql *sql, const char *user)
{
	struct sql_stmt *stmt = sql_use(sql, "DELETE FROM code WHERE user = ?1");

	sql_put_text(stmt, user);
	return sql_run(stmt, NULL) == 0 ? 0 : -EIO;
}
