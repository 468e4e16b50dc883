/* What flows: bytes a second of each channel, from two readings of their counts. */
#ifndef SALLYPORT_CLI_RATES_H
#define SALLYPORT_CLI_RATES_H

#include "cli/rows.h"

#include <stdint.h>

struct rates_count;
/* The reading before; zeroed: none. */
struct rates {
	struct rates_count *counts; /* owned */
	size_t count;
	int64_t at_ms;
};

/* Adds up_per_s and down_per_s, bytes as whole numbers, to each row of `list channels`
 * read at now_ms ("" for one that was not there before), and keeps this reading
 * instead of the one before. 0, -ENOMEM: then rates are lost, and rows may have them
 * in part. */
int rates_add(struct rates *rates, struct rows *rows, int64_t now_ms);
void rates_free(struct rates *rates);

/* For people: amounts as "1.5 KiB", rates as "1.5 KiB/s". 0, -ENOMEM. */
int rates_to_read(struct rows *rows);

#endif
