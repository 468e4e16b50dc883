/* Changes to a keyring's file behind its back. */
#ifndef SALLYPORT_TESTS_SUPPORT_TAMPER_H
#define SALLYPORT_TESTS_SUPPORT_TAMPER_H

#include "tests/support/ring.h"

#include <sqlite3.h>

/* Runs sql on the closed file. 0 when it changed one row. */
static inline int
bench_tamper(struct bench *b, const char *sql)
{
	char path[64];
	sqlite3 *db = NULL;
	int changed;

	bench_shut(b);
	snprintf(path, sizeof(path), "%s/keys.db", b->dir);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != 0)
		return -1;
	changed = sqlite3_changes(db);
	sqlite3_close(db);
	return bench_open(b) == 0 && changed == 1 ? 0 : -1;
}

#endif
