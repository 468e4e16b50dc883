/* Claims, to and from the table. */
#include "verify/store_claim.h"

#include <errno.h>

/* In one go, so that no login waits for more. */
#define PRUNE_MAX 200

int
store_claim_add(struct sql *sql, const uint8_t hash[CRYPT_MAC], uint64_t at)
{
	struct sql_stmt *stmt = sql_use(sql, "INSERT INTO claim (hash, at) VALUES (?1, ?2)");
	int err;

	sql_put_blob(stmt, hash, CRYPT_MAC);
	sql_put_number(stmt, at);
	err = sql_run(stmt, NULL);
	return err == -ENOTUNIQ ? -EEXIST : err;
}

int
store_claim_prune(struct sql *sql, uint64_t now)
{
	static const char text[] = "DELETE FROM claim WHERE n < (SELECT min(n) FROM claim) + ?1"
				   " AND n <= (SELECT max(n) FROM claim) - ?2 AND at < ?3";
	const uint64_t age = (uint64_t)STORE_CLAIM_DAYS * 86400;
	struct sql_stmt *stmt = sql_use(sql, text);

	sql_put_number(stmt, PRUNE_MAX);
	sql_put_number(stmt, STORE_CLAIM_NEWEST);
	sql_put_number(stmt, now > age ? now - age : 0);
	return sql_run(stmt, NULL);
}
