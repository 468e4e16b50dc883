/* Pairs by channel, and the queue of the ended. */
#include "relay/table.h"

#include <string.h>

static struct pair **
bucket(struct table *table, uint32_t channel)
{
	return &table->buckets[channel % TABLE_BUCKETS];
}

void
table_init(struct table *table)
{
	memset(table, 0, sizeof(*table));
	table->last_ended = &table->first_ended;
	table->sweep_ms = INT64_MAX;
}

struct pair *
table_find(const struct table *table, uint32_t channel)
{
	struct pair *pair = table->buckets[channel % TABLE_BUCKETS];

	while (pair != NULL && pair->channel != channel)
		pair = pair->next;
	return pair;
}

static int64_t
idle_end(const struct pair *pair)
{
	return pair->idle_s == 0 ? INT64_MAX : pair->last_ms + (int64_t)pair->idle_s * 1000;
}

void
table_add(struct table *table, struct pair *pair)
{
	struct pair **head = bucket(table, pair->channel);

	pair->next = *head;
	*head = pair;
	table->live++;
	if (idle_end(pair) < table->sweep_ms)
		table->sweep_ms = idle_end(pair);
}

void
table_retire(struct table *table, struct pair *pair)
{
	struct pair **at = bucket(table, pair->channel);

	while (*at != NULL && *at != pair)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = pair->next;
	table->live--;
	pair->next = NULL;
	*table->last_ended = pair;
	table->last_ended = &pair->next;
}

struct pair *
table_ended(const struct table *table)
{
	return table->first_ended;
}

void
table_forget(struct table *table)
{
	struct pair *pair = table->first_ended;

	if (pair == NULL)
		return;
	table->first_ended = pair->next;
	if (table->first_ended == NULL)
		table->last_ended = &table->first_ended;
	pair_free(pair);
}

/* Bytes only move an end further off, so that the earliest one found now is
 * early enough for the next look. */
void
table_sweep(struct table *table, int64_t now_ms)
{
	struct pair *pair, *next;

	if (now_ms < table->sweep_ms)
		return;
	table->sweep_ms = INT64_MAX;
	for (size_t i = 0; i < TABLE_BUCKETS; i++) {
		for (pair = table->buckets[i]; pair != NULL; pair = next) {
			next = pair->next;
			if (idle_end(pair) <= now_ms) {
				pair_end(pair, PROTO_ENDED_IDLE);
				table_retire(table, pair);
			} else if (idle_end(pair) < table->sweep_ms) {
				table->sweep_ms = idle_end(pair);
			}
		}
	}
}
