/* Pairs by channel, and the queue of the ended. */
#include "relay/table.h"

#include <string.h>

/* Who is late is found that much later at most; all pairs are looked at each time. */
#define SWEEP_MS 100

static struct pair **
bucket(struct table *table, uint32_t channel)
{
	return &table->buckets[channel % TABLE_BUCKETS];
}

void
table_init(struct table *table)
{
	memset(table, 0, sizeof(*table));
	table->last_told = &table->first_told;
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

/* The next look must not be later than this pair needs. */
static void
expect_end(struct table *table, const struct pair *pair)
{
	int64_t end_ms = pair_deadline_ms(pair);

	if (end_ms != INT64_MAX && end_ms + SWEEP_MS < table->sweep_ms)
		table->sweep_ms = end_ms + SWEEP_MS;
}

void
table_add(struct table *table, struct pair *pair)
{
	struct pair **head = bucket(table, pair->channel);

	pair->next = *head;
	*head = pair;
	table->live++;
	expect_end(table, pair);
}

static void
take_out(struct table *table, struct pair *pair)
{
	struct pair **at = bucket(table, pair->channel);

	while (*at != NULL && *at != pair)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = pair->next;
	table->live--;
	pair->next = NULL;
}

void
table_note(struct table *table, struct pair *pair)
{
	if (pair->has_ended)
		take_out(table, pair);
	else
		expect_end(table, pair);
	if (pair->is_queued || (!pair->has_ended && pair->tells == 0))
		return;
	pair->is_queued = true;
	pair->next_told = NULL;
	*table->last_told = pair;
	table->last_told = &pair->next_told;
}

struct pair *
table_telling(const struct table *table)
{
	return table->first_told;
}

void
table_told(struct table *table)
{
	struct pair *pair = table->first_told;

	if (pair == NULL)
		return;
	table->first_told = pair->next_told;
	if (table->first_told == NULL)
		table->last_told = &table->first_told;
	pair->is_queued = false;
	if (pair->has_ended)
		pair_free(pair);
}

const struct pair *
table_bucket(const struct table *table, size_t i)
{
	return i < TABLE_BUCKETS ? table->buckets[i] : NULL;
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
			if (pair_deadline_ms(pair) <= now_ms)
				pair_late(pair);
			table_note(table, pair);
		}
	}
}
