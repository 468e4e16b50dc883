/* The table of recovery codes; errors as in store.h. */
#ifndef SALLYPORT_VERIFY_STORE_CODE_H
#define SALLYPORT_VERIFY_STORE_CODE_H

#include "lib/proto.h"
#include "verify/crypt.h"
#include "verify/sql.h"

enum code_state {
	CODE_NONE = 0,
	CODE_UNUSED = 1,
	CODE_USED = 2, /* and the user was not told yet */
	CODE_TOLD = 3, /* used, and told */
};

/* Number 0 of each user holds no code: its state counts the wrong tries. */
struct code_row {
	char user[PROTO_NAME_MAX + 1]; /* printable ASCII */
	uint8_t number;
	bool is_misshapen;
	uint8_t state;
	uint64_t epoch;
	uint64_t at; /* s since 1970: made, or used */
	uint8_t salt[CRYPT_SALT], hash[CRYPT_SLOW], mac[CRYPT_MAC];
};

/* 0, -ENOENT, -EIO. */
int store_code_get(struct sql *sql, const char *user, uint8_t number, struct code_row *row);
/* The first row in that state behind (user, number). */
int store_code_next(struct sql *sql, const char *user, uint8_t number, enum code_state state,
    struct code_row *row);
/* How many of user's are in that state. -EIO. */
int store_code_count(struct sql *sql, const char *user, enum code_state state);
/* In a transaction: in place of the one that was there. 0 or -EIO. */
int store_code_put(struct sql *sql, const struct code_row *row);
int store_code_clear(struct sql *sql, const char *user);

#endif
