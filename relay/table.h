/* All pairs: the live ones by channel, and the ended ones in the order in which
 * the supervisor must hear of them. A pair is in one of the two. */
#ifndef SALLYPORT_RELAY_TABLE_H
#define SALLYPORT_RELAY_TABLE_H

#include "relay/pair.h"

#define TABLE_BUCKETS 4096

struct table {
	struct pair *buckets[TABLE_BUCKETS];
	size_t live;
	struct pair *first_ended, **last_ended;
	int64_t sweep_ms; /* no pair idles out before that time; INT64_MAX: none does */
};

void table_init(struct table *table);
struct pair *table_find(const struct table *table, uint32_t channel);
/* The table owns it now; its channel must not be in it. */
void table_add(struct table *table, struct pair *pair);
/* Moves an ended pair to the queue. */
void table_retire(struct table *table, struct pair *pair);
/* The first of the queue; NULL when it is empty. */
struct pair *table_ended(const struct table *table);
/* Takes the first off the queue and frees it. */
void table_forget(struct table *table);

/* Ends and retires what has been idle for too long. */
void table_sweep(struct table *table, int64_t now_ms);

#endif
