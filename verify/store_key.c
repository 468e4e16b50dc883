/* Rows of keys, to and from the table. */
#include "verify/store_key.h"

#include <errno.h>

#define COLUMNS "id, state, v, epoch, created, note, print, wrapped, mac, kind"

static void
take(struct sql_stmt *stmt, struct row *row)
{
	uint64_t state, counter, kind;
	bool ok = sql_get_text(stmt, row->id, sizeof(row->id));

	ok = sql_get_number(stmt, UINT8_MAX, &state) && ok;
	ok = sql_get_number(stmt, OTP_COUNTER_MAX, &counter) && ok;
	ok = sql_get_number(stmt, INT64_MAX, &row->epoch) && ok;
	ok = sql_get_number(stmt, INT64_MAX, &row->created) && ok;
	ok = sql_get_text(stmt, row->note, sizeof(row->note)) && ok;
	ok = sql_get_blob(stmt, row->print, sizeof(row->print)) && ok;
	ok = sql_get_blob(stmt, row->wrapped, sizeof(row->wrapped)) && ok;
	ok = sql_get_blob(stmt, row->mac, sizeof(row->mac)) && ok;
	ok = sql_get_number(stmt, UINT8_MAX, &kind) && ok;
	row->state = ok ? (uint8_t)state : ROW_NONE;
	row->counter = ok ? (uint32_t)counter : 0;
	row->kind = ok ? (uint8_t)kind : ROW_KIND_NONE;
	row->is_misshapen = !ok;
}

static int
get(struct sql_stmt *stmt, const char *id, struct row *row)
{
	int err;

	*row = (struct row){0};
	sql_put_text(stmt, id);
	err = sql_row(stmt);
	if (err == 0)
		take(stmt, row);
	sql_done(stmt);
	return err;
}

int
store_key_get(struct sql *sql, const char *id, struct row *row)
{
	return get(sql_use(sql, "SELECT " COLUMNS " FROM key WHERE id = ?1"), id, row);
}

/* Ids that no OTP can have (a damaged row) are passed over. */
int
store_key_next(struct sql *sql, const char *after, struct row *row)
{
	static const char text[] =
	    "SELECT " COLUMNS " FROM key WHERE id > ?1 AND length(CAST(id AS BLOB)) <= 32"
	    " AND id NOT GLOB '*[^a-z]*' ORDER BY id LIMIT 1";

	return get(sql_use(sql, text), after, row);
}

int
store_key_holder(struct sql *sql, const uint8_t print[CRYPT_PRINT], char id[OTP_ID_MAX + 1])
{
	struct sql_stmt *stmt = sql_use(sql, "SELECT id FROM key WHERE print = ?1");
	int err;

	sql_put_blob(stmt, print, CRYPT_PRINT);
	err = sql_row(stmt);
	if (err == 0)
		(void)sql_get_text(stmt, id, OTP_ID_MAX + 1);
	sql_done(stmt);
	return err;
}

int
store_key_count_above(
    struct sql *sql, uint32_t counter, uint64_t *count, char id[OTP_ID_MAX + 1])
{
	struct sql_stmt *stmt = sql_use(
	    sql, "SELECT count(*), coalesce(min(id), '') FROM key WHERE v >= ?1 AND state = 1");
	int err;

	*count = 0;
	id[0] = '\0';
	sql_put_number(stmt, counter);
	err = sql_row(stmt);
	if (err == 0 && (!sql_get_number(stmt, UINT32_MAX, count) ||
			    !sql_get_text(stmt, id, OTP_ID_MAX + 1)))
		*count = 0;
	sql_done(stmt);
	return err == -EIO ? err : 0;
}

int
store_key_add(struct sql *sql, const struct row *row)
{
	static const char text[] =
	    "INSERT INTO key (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
	struct sql_stmt *stmt = sql_use(sql, text);

	sql_put_text(stmt, row->id);
	sql_put_number(stmt, row->state);
	sql_put_number(stmt, row->counter);
	sql_put_number(stmt, row->epoch);
	sql_put_number(stmt, row->created);
	sql_put_text(stmt, row->note);
	sql_put_blob(stmt, row->print, sizeof(row->print));
	sql_put_blob(stmt, row->wrapped, sizeof(row->wrapped));
	sql_put_blob(stmt, row->mac, sizeof(row->mac));
	sql_put_number(stmt, row->kind);
	return sql_run(stmt, NULL);
}

/* The id, a new value and the code: 0, none when no row was there to change. */
static int
update(struct sql_stmt *stmt, const struct row *row, uint64_t value, int none)
{
	size_t changed;
	int err;

	sql_put_text(stmt, row->id);
	sql_put_number(stmt, value);
	sql_put_blob(stmt, row->mac, sizeof(row->mac));
	err = sql_run(stmt, &changed);
	if (err < 0)
		return -EIO;
	return changed == 1 ? 0 : none;
}

int
store_key_spend(struct sql *sql, const struct row *row)
{
	return update(sql_use(sql, "UPDATE key SET v = ?2, mac = ?3 WHERE id = ?1 AND v < ?2"),
	    row, row->counter, -ESTALE);
}

int
store_key_remove(struct sql *sql, const char *id)
{
	struct sql_stmt *stmt = sql_use(sql, "DELETE FROM key WHERE id = ?1");
	size_t changed;

	sql_put_text(stmt, id);
	if (sql_run(stmt, &changed) < 0)
		return -EIO;
	return changed == 1 ? 0 : -ENOENT;
}

int
store_key_set_state(struct sql *sql, const struct row *row)
{
	return update(sql_use(sql, "UPDATE key SET state = ?2, mac = ?3 WHERE id = ?1"), row,
	    row->state, -ENOENT);
}
