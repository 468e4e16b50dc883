/* What the store holds: a row for each key, and the one meta row. */
#ifndef SALLYPORT_VERIFY_ROW_H
#define SALLYPORT_VERIFY_ROW_H

#include "verify/crypt.h"
#include "verify/otp.h"

#include <stdbool.h>
#include <stdint.h>

#define ROW_NOTE_MAX 63

enum row_state {
	ROW_NONE = 0, /* no row has it */
	ROW_ACTIVE = 1,
	ROW_DISABLED = 2,
	ROW_DELETED = 3, /* tombstone: the id and the secret never come back */
};

/* Who can tell whether an OTP of the key is good. */
enum row_kind {
	ROW_KIND_NONE = 0,
	ROW_KIND_LOCAL = 1, /* we: its secret is in the row */
	ROW_KIND_API = 2,   /* a validation service; wrapped is all zero */
};

struct row {
	char id[OTP_ID_MAX + 1];
	bool is_misshapen; /* a column has a wrong type or size; the rest is void */
	uint8_t kind;      /* enum row_kind, or anything when tampered with */
	uint8_t state;     /* enum row_state, or anything when tampered with */
	uint32_t counter;  /* use << 8 | session; the highest spent */
	uint64_t epoch;    /* the store's when the row was written */
	uint64_t created;  /* s since 1970 */
	char note[ROW_NOTE_MAX + 1];
	uint8_t print[CRYPT_PRINT], wrapped[CRYPT_WRAPPED], mac[CRYPT_MAC];
};

/* Numbers are at most INT64_MAX. */
struct row_meta {
	uint64_t epoch;
	uint64_t store_seq; /* OTPs ever spent */
	uint64_t audit_seq; /* the highest that the supervisor told */
	uint8_t mac[CRYPT_MAC];
};

#endif
