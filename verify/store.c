/* SQLite, wrapped: opening with the settings that durability needs, and the few
 * statements there are. */
#include "verify/store.h"

#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define APPLICATION  "1396788313" /* "SALY" */
#define VERSION      "1"
#define TIDY_PAGES   1000
#define RETRY_NS     (20 * 1000 * 1000)
#define PATH_MAX_LEN 4096

#define COLUMNS "id, state, v, epoch, created, note, print, wrapped, mac"

static const char schema[] =
    "CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL,"
    " store_seq INTEGER NOT NULL, audit_seq INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;"
    "CREATE TABLE key (id TEXT PRIMARY KEY NOT NULL, state INTEGER NOT NULL,"
    " v INTEGER NOT NULL, epoch INTEGER NOT NULL, created INTEGER NOT NULL,"
    " note TEXT NOT NULL, print BLOB NOT NULL UNIQUE, wrapped BLOB NOT NULL,"
    " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = " APPLICATION ";"
    "PRAGMA user_version = " VERSION ";";

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	GET_META,
	PUT_META,
	GET,
	NEXT,
	ADD,
	SPEND,
	SET_STATE,
	STATEMENTS,
};

static const char *const sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [GET_META] = "SELECT epoch, store_seq, audit_seq, mac FROM meta WHERE one = 1",
    [PUT_META] = "INSERT OR REPLACE INTO meta VALUES (1, ?1, ?2, ?3, ?4)",
    [GET] = "SELECT " COLUMNS " FROM key WHERE id = ?1",
    /* Ids that no OTP can have (a damaged row) are passed over. */
    [NEXT] = "SELECT " COLUMNS " FROM key WHERE id > ?1 AND length(CAST(id AS BLOB)) <= 32"
	     " AND id NOT GLOB '*[^a-z]*' ORDER BY id LIMIT 1",
    [ADD] = "INSERT INTO key (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SPEND] = "UPDATE key SET v = ?2, mac = ?3 WHERE id = ?1 AND v < ?2",
    [SET_STATE] = "UPDATE key SET state = ?2, mac = ?3 WHERE id = ?1",
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *stmt[STATEMENTS];
	int log_pages; /* in the write-ahead log */
	bool is_new;
};

int
store_init(void)
{
	unsigned char seed[8];

	if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
	    sqlite3_initialize() != SQLITE_OK)
		return -EIO;
	sqlite3_randomness(sizeof(seed), seed); /* reads its seed now */
	return 0;
}

static int
fail(struct store *s, const char *what)
{
	log_error(
	    "store: %s: %s (%d)", what, sqlite3_errmsg(s->db), sqlite3_extended_errcode(s->db));
	return -EIO;
}

static int
on_log_growth(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	s->log_pages = pages;
	return SQLITE_OK;
}

/* --- opening ---------------------------------------------------------- */

/* The first column of the first row of a PRAGMA must be this text. SQLite does
 * not complain about settings that it can't honour: so each is read back.
 * 0, -EUCLEAN when it is another, or SQLite's (positive) code. */
static int
expect(struct store *s, const char *pragma, const char *wanted)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(s->db, pragma, -1, &stmt, NULL);
	const char *got = "nothing";
	bool is_wanted = false;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		if (sqlite3_column_text(stmt, 0) != NULL)
			got = (const char *)sqlite3_column_text(stmt, 0);
		is_wanted = strcmp(got, wanted) == 0;
		if (!is_wanted)
			log_error("store: %s: %.100s, wanted %s", pragma, got, wanted);
		rc = SQLITE_OK;
	} else if (rc == SQLITE_DONE) {
		log_error("store: %s gives nothing", pragma);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	if (rc != SQLITE_OK)
		return rc;
	return is_wanted ? 0 : -EUCLEAN;
}

struct setting {
	const char *pragma, *wanted;
};

static int
expect_all(struct store *s, const struct setting *settings, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = expect(s, settings[i].pragma, settings[i].wanted);
	return rc;
}

/* locking_mode comes before anything that reads the file, else SQLite goes on
 * sharing it, and says "exclusive" all the same. The checkpoint writes anew what
 * a predecessor left in the log, because after a failed flush the kernel may only
 * pretend to hold it. */
static int
settle(struct store *s)
{
	static const struct setting settings[] = {
	    {"PRAGMA locking_mode = EXCLUSIVE", "exclusive"},
	    {"PRAGMA journal_mode = WAL", "wal"},
	    {"PRAGMA wal_checkpoint(TRUNCATE)", "0"},
	};
	static const struct setting kept[] = {
	    {"PRAGMA locking_mode", "exclusive"},
	    {"PRAGMA synchronous", "2"},
	    {"PRAGMA cell_size_check", "1"},
	    {"PRAGMA quick_check(1)", "ok"},
	};
	static const char quiet[] = "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL;"
				    " PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
				    " PRAGMA mmap_size = 0; PRAGMA cache_size = -65536;";
	int rc = expect_all(s, settings, sizeof(settings) / sizeof(settings[0]));

	if (rc == 0)
		rc = sqlite3_exec(s->db, quiet, NULL, NULL, NULL);
	return rc == 0 ? expect_all(s, kept, sizeof(kept) / sizeof(kept[0])) : rc;
}

/* Is the file really locked against all others? The lock itself is asked, not
 * the setting. */
static int
prove_lock(struct store *s)
{
	int level = SQLITE_LOCK_NONE;

	if (sqlite3_file_control(s->db, NULL, SQLITE_FCNTL_LOCKSTATE, &level) == SQLITE_OK &&
	    level == SQLITE_LOCK_EXCLUSIVE)
		return 0;
	log_error("store: the file cannot be locked against other processes (%d)", level);
	return -EUCLEAN;
}

static int
inspect(struct store *s)
{
	static const struct setting ours[] = {
	    {"PRAGMA application_id", APPLICATION},
	    {"PRAGMA user_version", VERSION},
	};
	sqlite3_stmt *stmt = NULL;
	int rc =
	    sqlite3_prepare_v2(s->db, "SELECT count(*) FROM sqlite_schema", -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	s->is_new = rc == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 0;
	sqlite3_finalize(stmt);
	if (rc != SQLITE_ROW)
		return rc;
	return s->is_new ? 0 : expect_all(s, ours, sizeof(ours) / sizeof(ours[0]));
}

static int
prepare(struct store *s)
{
	int rc = SQLITE_OK;

	for (int i = 0; rc == SQLITE_OK && i < STATEMENTS; i++)
		rc = sqlite3_prepare_v3(
		    s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[i], NULL);
	return rc;
}

static int
open_error(struct store *s, int rc)
{
	if (rc <= 0)
		return rc;
	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return -EBUSY;
	fail(s, "cannot be opened");
	if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
		return -EUCLEAN;
	return -EIO;
}

static int
open_once(struct store *s, const char *path)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(path, &s->db, flags, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = settle(s);
	if (rc == SQLITE_OK)
		rc = inspect(s);
	if (rc == SQLITE_OK)
		rc = prove_lock(s);
	if (rc == SQLITE_OK && !s->is_new)
		rc = prepare(s);
	if (rc == SQLITE_OK)
		sqlite3_wal_hook(s->db, on_log_growth, s);
	return open_error(s, rc);
}

static void
let_go(struct store *s)
{
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(s->stmt[i]);
		s->stmt[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

int
store_open(struct store **store, const char *dir, int timeout_ms)
{
	const struct timespec pause = {.tv_nsec = RETRY_NS};
	int64_t deadline_ms = io_now_ms() + timeout_ms;
	char path[PATH_MAX_LEN];
	struct store *s;
	int err;

	if (snprintf(path, sizeof(path), "%s/" STORE_FILE, dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	while ((err = open_once(s, path)) == -EBUSY && io_now_ms() < deadline_ms) {
		let_go(s);
		nanosleep(&pause, NULL);
	}
	if (err == -EBUSY)
		log_error("store: another process holds %s", path);
	if (err < 0)
		store_close(s);
	else
		*store = s;
	return err;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	let_go(store);
	free(store);
}

/* --- statements ------------------------------------------------------- */

/* Runs a statement that gives no rows. SQLite's code. */
static int
run(struct store *s, enum statement which)
{
	int rc = sqlite3_step(s->stmt[which]);

	sqlite3_reset(s->stmt[which]);
	sqlite3_clear_bindings(s->stmt[which]);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A failed bind leaves NULL behind, which the tables refuse. */
static void
bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

static void
bind_blob(sqlite3_stmt *stmt, int at, const uint8_t *bytes, size_t len)
{
	sqlite3_bind_blob(stmt, at, bytes, (int)len, SQLITE_STATIC);
}

static void
bind_number(sqlite3_stmt *stmt, int at, uint64_t value)
{
	if (value <= INT64_MAX)
		sqlite3_bind_int64(stmt, at, (int64_t)value);
}

static bool
take_number(sqlite3_stmt *stmt, int at, uint64_t max, uint64_t *value)
{
	int64_t n = sqlite3_column_int64(stmt, at);

	*value = n < 0 ? 0 : (uint64_t)n;
	return sqlite3_column_type(stmt, at) == SQLITE_INTEGER && n >= 0 && *value <= max;
}

static bool
take_blob(sqlite3_stmt *stmt, int at, uint8_t *bytes, size_t len)
{
	const void *blob = sqlite3_column_blob(stmt, at);

	if (sqlite3_column_type(stmt, at) != SQLITE_BLOB || blob == NULL ||
	    sqlite3_column_bytes(stmt, at) != (int)len)
		return false;
	memcpy(bytes, blob, len);
	return true;
}

/* Texts are bounded, and hold printable ASCII only. */
static bool
take_text(sqlite3_stmt *stmt, int at, char *text, size_t cap)
{
	const char *got = (const char *)sqlite3_column_text(stmt, at);
	int len = sqlite3_column_bytes(stmt, at);

	text[0] = '\0';
	if (sqlite3_column_type(stmt, at) != SQLITE_TEXT || got == NULL || len < 0 ||
	    (size_t)len >= cap)
		return false;
	for (int i = 0; i < len; i++)
		if (got[i] < ' ' || got[i] > '~')
			return false;
	memcpy(text, got, (size_t)len);
	text[len] = '\0';
	return true;
}

static void
take_row(sqlite3_stmt *stmt, struct row *row)
{
	uint64_t state, counter;
	bool ok = take_text(stmt, 0, row->id, sizeof(row->id));

	ok = take_number(stmt, 1, UINT8_MAX, &state) && ok;
	ok = take_number(stmt, 2, OTP_COUNTER_MAX, &counter) && ok;
	ok = take_number(stmt, 3, INT64_MAX, &row->epoch) && ok;
	ok = take_number(stmt, 4, INT64_MAX, &row->created) && ok;
	ok = take_text(stmt, 5, row->note, sizeof(row->note)) && ok;
	ok = take_blob(stmt, 6, row->print, sizeof(row->print)) && ok;
	ok = take_blob(stmt, 7, row->wrapped, sizeof(row->wrapped)) && ok;
	ok = take_blob(stmt, 8, row->mac, sizeof(row->mac)) && ok;
	row->state = ok ? (uint8_t)state : ROW_NONE;
	row->counter = ok ? (uint32_t)counter : 0;
	row->is_misshapen = !ok;
}

bool
store_is_new(const struct store *store)
{
	return store->is_new;
}

static int
create(struct store *s, const struct row_meta *meta)
{
	int rc = sqlite3_exec(s->db, schema, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = prepare(s);
	if (rc != SQLITE_OK)
		return fail(s, "its tables cannot be made");
	return store_put_meta(s, meta);
}

int
store_create(struct store *store, const struct row_meta *meta)
{
	int err;

	if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return fail(store, "a transaction cannot begin");
	err = create(store, meta);
	if (err == 0)
		err = store_commit(store);
	if (err == 0)
		store->is_new = false;
	else
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

int
store_begin(struct store *store)
{
	return run(store, BEGIN) == SQLITE_OK ? 0 : fail(store, "a transaction cannot begin");
}

int
store_commit(struct store *store)
{
	return run(store, COMMIT) == SQLITE_OK ? 0 : fail(store, "a transaction failed");
}

void
store_rollback(struct store *store)
{
	/* SQLite has rolled back by itself after most errors. */
	if (!sqlite3_get_autocommit(store->db))
		(void)run(store, ROLLBACK);
}

int
store_get_meta(struct store *store, struct row_meta *meta)
{
	sqlite3_stmt *stmt = store->stmt[GET_META];
	int rc = sqlite3_step(stmt), err = 0;

	*meta = (struct row_meta){0};
	if (rc == SQLITE_DONE)
		err = -ENOENT;
	else if (rc != SQLITE_ROW)
		err = fail(store, "cannot be read");
	else if (!take_number(stmt, 0, INT64_MAX, &meta->epoch) ||
		 !take_number(stmt, 1, INT64_MAX, &meta->store_seq) ||
		 !take_number(stmt, 2, INT64_MAX, &meta->audit_seq) ||
		 !take_blob(stmt, 3, meta->mac, sizeof(meta->mac)))
		err = -EUCLEAN;
	sqlite3_reset(stmt);
	return err;
}

int
store_put_meta(struct store *store, const struct row_meta *meta)
{
	sqlite3_stmt *stmt = store->stmt[PUT_META];

	bind_number(stmt, 1, meta->epoch);
	bind_number(stmt, 2, meta->store_seq);
	bind_number(stmt, 3, meta->audit_seq);
	bind_blob(stmt, 4, meta->mac, sizeof(meta->mac));
	return run(store, PUT_META) == SQLITE_OK ? 0 : fail(store, "cannot be written");
}

static int
get_row(struct store *s, enum statement which, const char *id, struct row *row)
{
	sqlite3_stmt *stmt = s->stmt[which];
	int rc, err = 0;

	*row = (struct row){0};
	bind_text(stmt, 1, id);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		take_row(stmt, row);
	else
		err = rc == SQLITE_DONE ? -ENOENT : fail(s, "cannot be read");
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return err;
}

int
store_get(struct store *store, const char *id, struct row *row)
{
	return get_row(store, GET, id, row);
}

int
store_next(struct store *store, const char *after, struct row *row)
{
	return get_row(store, NEXT, after, row);
}

int
store_add(struct store *store, const struct row *row)
{
	sqlite3_stmt *stmt = store->stmt[ADD];
	int rc;

	bind_text(stmt, 1, row->id);
	bind_number(stmt, 2, row->state);
	bind_number(stmt, 3, row->counter);
	bind_number(stmt, 4, row->epoch);
	bind_number(stmt, 5, row->created);
	bind_text(stmt, 6, row->note);
	bind_blob(stmt, 7, row->print, sizeof(row->print));
	bind_blob(stmt, 8, row->wrapped, sizeof(row->wrapped));
	bind_blob(stmt, 9, row->mac, sizeof(row->mac));
	rc = run(store, ADD);
	if (rc == SQLITE_CONSTRAINT_PRIMARYKEY)
		return -EEXIST;
	if (rc == SQLITE_CONSTRAINT_UNIQUE)
		return -ENOTUNIQ;
	return rc == SQLITE_OK ? 0 : fail(store, "cannot be written");
}

/* The id, a new value and the code: 0, none when no row was there to change. */
static int
update(struct store *s, enum statement which, const struct row *row, uint64_t value, int none)
{
	sqlite3_stmt *stmt = s->stmt[which];

	bind_text(stmt, 1, row->id);
	bind_number(stmt, 2, value);
	bind_blob(stmt, 3, row->mac, sizeof(row->mac));
	if (run(s, which) != SQLITE_OK)
		return fail(s, "cannot be written");
	return sqlite3_changes(s->db) == 1 ? 0 : none;
}

int
store_spend(struct store *store, const struct row *row)
{
	return update(store, SPEND, row, row->counter, -ESTALE);
}

int
store_set_state(struct store *store, const struct row *row)
{
	return update(store, SET_STATE, row, row->state, -ENOENT);
}

/* Not left to SQLite's automatic checkpoint, which hides its errors and makes
 * somebody's login wait for it. */
int
store_tidy(struct store *store)
{
	int in_log = 0, copied = 0;

	if (store->log_pages < TIDY_PAGES)
		return 0;
	if (sqlite3_wal_checkpoint_v2(
		store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied) != SQLITE_OK)
		return fail(store, "its log cannot be copied");
	if (in_log == copied)
		store->log_pages = 0;
	return 0;
}
