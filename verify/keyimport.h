/* A key file's text into the store: all of it or nothing. */
#ifndef SALLYPORT_VERIFY_KEYIMPORT_H
#define SALLYPORT_VERIFY_KEYIMPORT_H

#include "verify/keyring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYIMPORT_LINES_MAX  100000
#define KEYIMPORT_REPORT_MAX 60000 /* bytes, with the final NUL */

struct keyimport {
	uint8_t status;                    /* for the CLI to exit with: 0 or 1 */
	char report[KEYIMPORT_REPORT_MAX]; /* lines; nothing secret in them */
	size_t len;                        /* of the report */
	size_t keys, left_out, wrong;      /* lines */
	size_t untold;                     /* lines that the report has no room for */
};

/* Outside a transaction. Every wrong line is reported; one is enough for nothing
 * to be taken. An existing key, even a deleted one, is never touched. With
 * is_dry nothing is written, the report is the same. 0; -EIO as in keyring.h,
 * the report says so. */
int keyimport_run(struct keyring *ring, const char *text, size_t len, bool is_dry,
    struct keyimport *import);

#endif
