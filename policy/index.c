/* Open addressing, at most half full; nothing is ever taken out. */
#include "policy/index.h"

#include <errno.h>
#include <stdlib.h>

#define SIZE_MIN 64

struct index_slot {
	uint64_t hash;
	uint32_t number; /* + 1; 0: empty */
};

/* Behind those of the same hash. */
static void
put(struct index *index, const struct index_slot *slot)
{
	size_t at = (size_t)slot->hash & (index->size - 1);

	while (index->slots[at].number != 0)
		at = (at + 1) & (index->size - 1);
	index->slots[at] = *slot;
}

/* From the first slot of a run on, so that those of one hash stay in their order. */
static void
put_all(struct index *index, const struct index_slot *slots, size_t size)
{
	size_t first = 0;

	while (first < size && slots[first].number != 0)
		first++;
	for (size_t i = 0; i < size; i++) {
		const struct index_slot *slot = &slots[(first + i) & (size - 1)];
		if (slot->number != 0)
			put(index, slot);
	}
}

static int
make_room(struct index *index)
{
	struct index grown = {
	    .size = index->size > 0 ? 2 * index->size : SIZE_MIN, .count = index->count};

	if (2 * (index->count + 1) <= index->size)
		return 0;
	grown.slots = calloc(grown.size, sizeof(*grown.slots));
	if (grown.slots == NULL)
		return -ENOMEM;
	put_all(&grown, index->slots, index->size);
	free(index->slots);
	*index = grown;
	return 0;
}

int
index_add(struct index *index, uint64_t hash, uint32_t number)
{
	const struct index_slot slot = {.hash = hash, .number = number + 1};
	int err = number < INDEX_NONE ? make_room(index) : -ENOMEM;

	if (err < 0)
		return err;
	put(index, &slot);
	index->count++;
	return 0;
}

/* From slot at on, itself included. */
static uint32_t
look(const struct index *index, uint64_t hash, size_t *at)
{
	while (index->slots[*at].number != 0) {
		if (index->slots[*at].hash == hash)
			return index->slots[*at].number - 1;
		*at = (*at + 1) & (index->size - 1);
	}
	return INDEX_NONE;
}

uint32_t
index_first(const struct index *index, uint64_t hash, size_t *at)
{
	if (index->size == 0)
		return INDEX_NONE;
	*at = (size_t)hash & (index->size - 1);
	return look(index, hash, at);
}

uint32_t
index_next(const struct index *index, uint64_t hash, size_t *at)
{
	*at = (*at + 1) & (index->size - 1);
	return look(index, hash, at);
}

void
index_free(struct index *index)
{
	free(index->slots);
	*index = (struct index){0};
}
