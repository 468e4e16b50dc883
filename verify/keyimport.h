/* A key file's text into the store, in slices, so that OTPs need not wait: first
 * all of it is checked, then all of it is written. An end in the middle of the
 * writing leaves whole keys behind; the same import then takes the rest. */
#ifndef SALLYPORT_VERIFY_KEYIMPORT_H
#define SALLYPORT_VERIFY_KEYIMPORT_H

#include "verify/keyfile.h"
#include "verify/keyring.h"

#define KEYIMPORT_KEYS_MAX   100000
#define KEYIMPORT_REPORT_MAX 60000 /* bytes, with the final NUL */

struct keyimport {
	uint8_t status;			   /* for the CLI to exit with: 0 or 1 */
	char report[KEYIMPORT_REPORT_MAX]; /* lines; nothing secret in them */
	size_t len;			   /* of the report */
	size_t keys, counters;		   /* to be written */
	size_t known, left_out, wrong;	   /* entries */
	size_t untold;			   /* lines that the report has no room for */

	/* keyimport.c's own. */
	struct keyring *ring;
	struct keyfile file;
	bool is_dry, is_writing;
	uint64_t now;
	struct keyimport_met *met; /* nmet of them, one for each key so far; owned */
	size_t nmet;
	void *by_id, *by_print;	   /* trees of them (tsearch) */
};

/* text[len] must stay until the end. Every wrong line is reported; one is enough for
 * nothing to be taken. A key of the store is never changed but for a counter, which
 * only rises, and for being disabled by a list of counters. With is_dry nothing is
 * written, the report is the same. -EAGAIN: go on with steps; 0: that was all. */
int keyimport_begin(struct keyimport *import, struct keyring *ring, const char *text,
    size_t len, bool is_dry);
/* A slice of a few milliseconds, outside a transaction. -EAGAIN: more to do; 0: the
 * report is whole; -EIO as in keyring.h, the report says so. */
int keyimport_step(struct keyimport *import);
/* Frees; the report stays. Accepts one that is zero. */
void keyimport_end(struct keyimport *import);

#endif
