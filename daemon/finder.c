/* Rows of links; twice as many rows when there are more things than rows. */
#include "daemon/finder.h"

#include <stdlib.h>

void
finder_init(struct finder *finder)
{
	*finder = (struct finder){.size = FINDER_FEW};
	finder->rows = finder->few;
}

static void
put(struct finder *finder, struct finder_link *link)
{
	struct finder_link **row = &finder->rows[link->hash & (finder->size - 1)];

	link->next = *row;
	link->back = row;
	if (link->next != NULL)
		link->next->back = &link->next;
	*row = link;
}

static void
take(struct finder_link *link)
{
	*link->back = link->next;
	if (link->next != NULL)
		link->next->back = link->back;
}

/* The row backwards, since each is put before the others. */
static void
move_row(struct finder *finder, struct finder_link *row)
{
	struct finder_link *turned = NULL, *next;

	for (; row != NULL; row = next) {
		next = row->next;
		row->next = turned;
		turned = row;
	}
	for (; turned != NULL; turned = next) {
		next = turned->next;
		put(finder, turned);
	}
}

static void
grow(struct finder *finder)
{
	struct finder_link **old = finder->rows;
	size_t size = finder->size;
	struct finder_link **rows = calloc(2 * size, sizeof(struct finder_link *));

	if (rows == NULL)
		return;
	finder->rows = rows;
	finder->size = 2 * size;
	for (size_t i = 0; i < size; i++)
		move_row(finder, old[i]);
	if (old != finder->few)
		free(old);
}

void
finder_add(struct finder *finder, struct finder_link *link, uint64_t hash, void *thing)
{
	link->hash = hash;
	link->thing = thing;
	if (finder->count >= finder->size)
		grow(finder);
	put(finder, link);
	finder->count++;
}

void
finder_remove(struct finder *finder, struct finder_link *link)
{
	take(link);
	finder->count--;
}

static void *
look(const struct finder_link *link, uint64_t hash)
{
	while (link != NULL && link->hash != hash)
		link = link->next;
	return link != NULL ? link->thing : NULL;
}

void *
finder_first(const struct finder *finder, uint64_t hash)
{
	return look(finder->rows[hash & (finder->size - 1)], hash);
}

void *
finder_next(const struct finder_link *link)
{
	return look(link->next, link->hash);
}

void
finder_free(struct finder *finder)
{
	if (finder->rows != finder->few)
		free(finder->rows);
	finder_init(finder);
}

uint64_t
finder_hash(uint64_t number)
{
	number *= 0x9e3779b97f4a7c15; /* 2^64 by the golden ratio: neighbours come far apart */
	return number ^ number >> 32;
}
