/* All pairs: the live ones by channel, and in order those of which the supervisor
 * must hear something. One that has ended is in the second alone. */
#ifndef SALLYPORT_RELAY_TABLE_H
#define SALLYPORT_RELAY_TABLE_H

#include "relay/pair.h"

#define TABLE_BUCKETS 4096

struct table {
	struct pair *buckets[TABLE_BUCKETS];
	size_t live;
	struct pair *first_told, **last_told;
	int64_t sweep_ms; /* no pair's time is over before that; INT64_MAX: none's is */
};

void table_init(struct table *table);
struct pair *table_find(const struct table *table, uint32_t channel);
/* The table owns it now; its channel must not be in it. */
void table_add(struct table *table, struct pair *pair);
/* After anything that happened to a pair: queues it if there is something to tell. */
void table_note(struct table *table, struct pair *pair);
/* The first of the queue; NULL when it is empty. */
struct pair *table_telling(const struct table *table);
/* All was told of the first: it leaves the queue; if it has ended, it is freed. */
void table_told(struct table *table);

/* The live pairs of one bucket, by next. */
const struct pair *table_bucket(const struct table *table, size_t i);

/* Ends and queues those whose time is over. */
void table_sweep(struct table *table, int64_t now_ms);

#endif
