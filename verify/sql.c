/* Opening SQLite so that what it says is true, and running statements. */
#include "verify/sql.h"

#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATEMENTS 64
#define TIDY_PAGES 250
#define ROOM       (1024 * 1024) /* for as many pages in the log */
#define RETRY_NS   (20 * 1000 * 1000)

struct sql_stmt {
	struct sql *sql;
	const char *text; /* NULL: free */
	sqlite3_stmt *stmt;
	int put, got; /* parameters and columns so far */
};

struct sql {
	sqlite3 *db;
	struct sql_stmt stmts[STATEMENTS];
	int log_pages; /* in the write-ahead log */
	bool is_new;
	uint64_t version;
};

int
sql_init(void)
{
	unsigned char seed[8];

	if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
	    sqlite3_initialize() != SQLITE_OK)
		return -EIO;
	sqlite3_randomness(sizeof(seed), seed); /* reads its seed now */
	return 0;
}

static int
fail(struct sql *s, const char *what)
{
	log_error(
	    "store: %s: %s (%d)", what, sqlite3_errmsg(s->db), sqlite3_extended_errcode(s->db));
	return -EIO;
}

static int
on_log_growth(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sql *s = arg;

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
expect(struct sql *s, const char *pragma, const char *wanted)
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
expect_all(struct sql *s, const struct setting *settings, size_t n)
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
settle(struct sql *s)
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
prove_lock(struct sql *s)
{
	int level = SQLITE_LOCK_NONE;

	if (sqlite3_file_control(s->db, NULL, SQLITE_FCNTL_LOCKSTATE, &level) == SQLITE_OK &&
	    level == SQLITE_LOCK_EXCLUSIVE)
		return 0;
	log_error("store: the file cannot be locked against other processes (%d)", level);
	return -EUCLEAN;
}

static int
ask_number(struct sql *s, const char *text, sqlite3_int64 *value)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(s->db, text, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	*value = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : rc;
}

static int
inspect(struct sql *s, const char *application)
{
	sqlite3_int64 tables = 0, version = 0;
	int rc = ask_number(s, "SELECT count(*) FROM sqlite_schema", &tables);

	s->is_new = rc == 0 && tables == 0;
	if (rc == 0 && !s->is_new)
		rc = expect(s, "PRAGMA application_id", application);
	if (rc == 0)
		rc = ask_number(s, "PRAGMA user_version", &version);
	s->version = version > 0 ? (uint64_t)version : 0;
	return rc;
}

/* Zeros into the log, which is empty: no header, so they mean nothing. What is written
 * there later only replaces them, and its flush need not put new blocks and a new length
 * on disk as well. Where there is no room it goes as without. */
static void
make_room(struct sql *s)
{
	static const uint8_t zeros[65536];
	sqlite3_file *log = NULL;
	int rc = sqlite3_file_control(s->db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log);
	sqlite3_int64 size = 0;

	if (rc != SQLITE_OK || log == NULL || log->pMethods == NULL ||
	    log->pMethods->xFileSize(log, &size) != SQLITE_OK || size != 0)
		return;
	for (; rc == SQLITE_OK && size < ROOM; size += (sqlite3_int64)sizeof(zeros))
		rc = log->pMethods->xWrite(log, zeros, (int)sizeof(zeros), size);
	if (rc == SQLITE_OK)
		rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
	if (rc != SQLITE_OK)
		(void)log->pMethods->xTruncate(log, 0);
}

static int
open_error(struct sql *s, int rc)
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
open_once(struct sql *s, const char *path, const char *application)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(path, &s->db, flags, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = settle(s);
	if (rc == SQLITE_OK)
		rc = inspect(s, application);
	if (rc == SQLITE_OK)
		rc = prove_lock(s);
	if (rc == SQLITE_OK)
		make_room(s);
	if (rc == SQLITE_OK)
		sqlite3_wal_hook(s->db, on_log_growth, s);
	return open_error(s, rc);
}

static void
let_go(struct sql *s)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->stmts[i].stmt);
	memset(s->stmts, 0, sizeof(s->stmts));
	sqlite3_close(s->db);
	s->db = NULL;
}

int
sql_open(struct sql **sql, const char *path, const char *application, int timeout_ms)
{
	const struct timespec pause = {.tv_nsec = RETRY_NS};
	int64_t deadline_ms = io_now_ms() + timeout_ms;
	struct sql *s = calloc(1, sizeof(*s));
	int err;

	if (s == NULL)
		return -ENOMEM;
	while ((err = open_once(s, path, application)) == -EBUSY && io_now_ms() < deadline_ms) {
		let_go(s);
		nanosleep(&pause, NULL);
	}
	if (err == -EBUSY)
		log_error("store: another process holds %s", path);
	if (err < 0)
		sql_close(s);
	else
		*sql = s;
	return err;
}

void
sql_close(struct sql *sql)
{
	if (sql == NULL)
		return;
	let_go(sql);
	free(sql);
}

bool
sql_is_new(const struct sql *sql)
{
	return sql->is_new;
}

uint64_t
sql_version(const struct sql *sql)
{
	return sql->version;
}

/* --- transactions ----------------------------------------------------- */

int
sql_script(struct sql *sql, const char *text)
{
	if (sqlite3_exec(sql->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return fail(sql, "cannot be changed");
	return 0;
}

int
sql_begin(struct sql *sql)
{
	return sql_run(sql_use(sql, "BEGIN IMMEDIATE"), NULL);
}

int
sql_commit(struct sql *sql)
{
	return sql_run(sql_use(sql, "COMMIT"), NULL);
}

void
sql_rollback(struct sql *sql)
{
	/* SQLite has rolled back by itself after most errors. */
	if (!sqlite3_get_autocommit(sql->db))
		(void)sql_run(sql_use(sql, "ROLLBACK"), NULL);
}

/* Not left to SQLite's automatic checkpoint, which hides its errors and makes
 * somebody's login wait for it. */
int
sql_tidy(struct sql *sql)
{
	int in_log = 0, copied = 0;

	if (sql->log_pages < TIDY_PAGES)
		return 0;
	if (sqlite3_wal_checkpoint_v2(
		sql->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied) != SQLITE_OK)
		return fail(sql, "its log cannot be copied");
	if (in_log == copied)
		sql->log_pages = 0;
	return 0;
}

/* --- statements ------------------------------------------------------- */

struct sql_stmt *
sql_use(struct sql *sql, const char *text)
{
	struct sql_stmt *stmt = NULL;

	for (size_t i = 0; i < STATEMENTS && stmt == NULL; i++)
		if (sql->stmts[i].text == NULL || strcmp(sql->stmts[i].text, text) == 0)
			stmt = &sql->stmts[i];
	if (stmt == NULL) {
		log_error("store: more than %d statements", STATEMENTS);
		return NULL;
	}
	if (stmt->text == NULL) {
		if (sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT,
			&stmt->stmt, NULL) != SQLITE_OK) {
			(void)fail(sql, "is not as it should be");
			return NULL;
		}
		stmt->text = text;
		stmt->sql = sql;
	}
	stmt->put = stmt->got = 0;
	return stmt;
}

/* A failed bind leaves NULL behind, which the tables refuse. */
void
sql_put_text(struct sql_stmt *stmt, const char *text)
{
	if (stmt != NULL)
		sqlite3_bind_text(stmt->stmt, ++stmt->put, text, -1, SQLITE_STATIC);
}

void
sql_put_blob(struct sql_stmt *stmt, const uint8_t *bytes, size_t len)
{
	if (stmt != NULL)
		sqlite3_bind_blob(stmt->stmt, ++stmt->put, bytes, (int)len, SQLITE_STATIC);
}

void
sql_put_number(struct sql_stmt *stmt, uint64_t value)
{
	if (stmt != NULL && ++stmt->put > 0 && value <= INT64_MAX)
		sqlite3_bind_int64(stmt->stmt, stmt->put, (int64_t)value);
}

int
sql_row(struct sql_stmt *stmt)
{
	int rc = stmt != NULL ? sqlite3_step(stmt->stmt) : SQLITE_MISUSE;

	if (stmt != NULL)
		stmt->got = 0;
	if (rc == SQLITE_ROW)
		return 0;
	if (rc == SQLITE_DONE)
		return -ENOENT;
	return stmt != NULL ? fail(stmt->sql, "cannot be read") : -EIO;
}

bool
sql_get_number(struct sql_stmt *stmt, uint64_t max, uint64_t *value)
{
	int at = stmt->got++;
	int64_t n = sqlite3_column_int64(stmt->stmt, at);

	*value = n < 0 ? 0 : (uint64_t)n;
	return sqlite3_column_type(stmt->stmt, at) == SQLITE_INTEGER && n >= 0 && *value <= max;
}

bool
sql_get_text(struct sql_stmt *stmt, char *text, size_t cap)
{
	int at = stmt->got++;
	const char *got = (const char *)sqlite3_column_text(stmt->stmt, at);
	int len = sqlite3_column_bytes(stmt->stmt, at);

	text[0] = '\0';
	if (sqlite3_column_type(stmt->stmt, at) != SQLITE_TEXT || got == NULL || len < 0 ||
	    (size_t)len >= cap)
		return false;
	for (int i = 0; i < len; i++)
		if (got[i] < ' ' || got[i] > '~')
			return false;
	memcpy(text, got, (size_t)len);
	text[len] = '\0';
	return true;
}

bool
sql_get_blob(struct sql_stmt *stmt, uint8_t *bytes, size_t len)
{
	int at = stmt->got++;
	const void *blob = sqlite3_column_blob(stmt->stmt, at);

	if (sqlite3_column_type(stmt->stmt, at) != SQLITE_BLOB || blob == NULL ||
	    sqlite3_column_bytes(stmt->stmt, at) != (int)len) {
		memset(bytes, 0, len);
		return false;
	}
	memcpy(bytes, blob, len);
	return true;
}

void
sql_done(struct sql_stmt *stmt)
{
	if (stmt == NULL)
		return;
	sqlite3_reset(stmt->stmt);
	sqlite3_clear_bindings(stmt->stmt);
}

int
sql_run(struct sql_stmt *stmt, size_t *changed)
{
	int rc = stmt != NULL ? sqlite3_step(stmt->stmt) : SQLITE_MISUSE, err = 0;

	if (changed != NULL)
		*changed = 0;
	if (stmt == NULL)
		return -EIO;
	if (rc == SQLITE_CONSTRAINT_PRIMARYKEY)
		err = -EEXIST;
	else if (rc == SQLITE_CONSTRAINT_UNIQUE)
		err = -ENOTUNIQ;
	else if (rc != SQLITE_DONE)
		err = fail(stmt->sql,
		    stmt->text[0] == 'C' ? "a transaction failed" : "cannot be written");
	else if (changed != NULL)
		*changed = (size_t)sqlite3_changes(stmt->sql->db);
	sql_done(stmt);
	return err;
}
