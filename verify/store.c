/* Tables, made and brought up to date. */
#include "verify/store.h"

#include "lib/log.h"

#include <errno.h>
#include <stdio.h>

#define APPLICATION  "1396788313" /* "SALY" */
#define VERSION      2
#define PATH_MAX_LEN 4096

/* Version 1 had the tables meta and key, without kind. The codes of the rows hold
 * nothing that a newer version reads differently (keyring.c), so that a step needs no
 * secret. A claim's number only rises: claims are forgotten by age and by number,
 * so that a clock gone wrong does not forget the latest. */
static const char to_1[] =
    "CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL,"
    " store_seq INTEGER NOT NULL, audit_seq INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;"
    "CREATE TABLE key (id TEXT PRIMARY KEY NOT NULL, state INTEGER NOT NULL,"
    " v INTEGER NOT NULL, epoch INTEGER NOT NULL, created INTEGER NOT NULL,"
    " note TEXT NOT NULL, print BLOB NOT NULL UNIQUE, wrapped BLOB NOT NULL,"
    " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = " APPLICATION ";"
    "PRAGMA user_version = 1;";
static const char to_2[] =
    "ALTER TABLE key ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;"
    "CREATE TABLE claim (n INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE code (user TEXT NOT NULL, number INTEGER NOT NULL, state INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL, created INTEGER NOT NULL, salt BLOB NOT NULL,"
    " hash BLOB NOT NULL, mac BLOB NOT NULL, PRIMARY KEY (user, number))"
    " STRICT, WITHOUT ROWID;"
    "PRAGMA user_version = 2;";
static const char *const steps[VERSION] = {to_1, to_2};

/* In a transaction. */
static int
raise_version(struct sql *sql, uint64_t from)
{
	int err = 0;

	for (uint64_t v = from; err == 0 && v < VERSION; v++)
		err = sql_script(sql, steps[v]);
	return err;
}

static int
migrate(struct sql *sql, uint64_t from)
{
	int err = sql_begin(sql);

	if (err == 0)
		err = raise_version(sql, from);
	if (err == 0)
		err = sql_commit(sql);
	if (err == 0)
		log_info("store: brought from version %d to %d", (int)from, VERSION);
	else
		sql_rollback(sql);
	return err;
}

static int
bring_up_to_date(struct sql *sql)
{
	uint64_t version = sql_version(sql);

	if (sql_is_new(sql) || version == VERSION)
		return 0;
	if (version > 0 && version < VERSION)
		return migrate(sql, version);
	log_error("store: its version is %llu, and only versions 1 to %d are known here: it "
		  "was made by another release",
	    (unsigned long long)version, VERSION);
	return -EUCLEAN;
}

int
store_open(struct sql **sql, const char *dir, int timeout_ms)
{
	char path[PATH_MAX_LEN];
	int err;

	if (snprintf(path, sizeof(path), "%s/" STORE_FILE, dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	err = sql_open(sql, path, APPLICATION, timeout_ms);
	if (err < 0)
		return err;
	err = bring_up_to_date(*sql);
	if (err < 0) {
		sql_close(*sql);
		*sql = NULL;
	}
	return err;
}

int
store_create(struct sql *sql, const struct row_meta *meta)
{
	int err = sql_begin(sql);

	if (err == 0)
		err = raise_version(sql, 0);
	if (err == 0)
		err = store_put_meta(sql, meta);
	if (err == 0)
		err = sql_commit(sql);
	if (err < 0)
		sql_rollback(sql);
	return err;
}

int
store_get_meta(struct sql *sql, struct row_meta *meta)
{
	struct sql_stmt *stmt =
	    sql_use(sql, "SELECT epoch, store_seq, audit_seq, mac FROM meta WHERE one = 1");
	int err = sql_row(stmt);

	*meta = (struct row_meta){0};
	if (err == 0 && (!sql_get_number(stmt, INT64_MAX, &meta->epoch) ||
			    !sql_get_number(stmt, INT64_MAX, &meta->store_seq) ||
			    !sql_get_number(stmt, INT64_MAX, &meta->audit_seq) ||
			    !sql_get_blob(stmt, meta->mac, sizeof(meta->mac))))
		err = -EUCLEAN;
	sql_done(stmt);
	return err;
}

int
store_put_meta(struct sql *sql, const struct row_meta *meta)
{
	struct sql_stmt *stmt =
	    sql_use(sql, "INSERT OR REPLACE INTO meta VALUES (1, ?1, ?2, ?3, ?4)");

	sql_put_number(stmt, meta->epoch);
	sql_put_number(stmt, meta->store_seq);
	sql_put_number(stmt, meta->audit_seq);
	sql_put_blob(stmt, meta->mac, sizeof(meta->mac));
	return sql_run(stmt, NULL);
}
