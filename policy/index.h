/* Finds things in an array by a hash of their key. It knows the numbers alone: the caller
 * compares the keys, of all that have this hash. */
#ifndef SALLYPORT_POLICY_INDEX_H
#define SALLYPORT_POLICY_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE UINT32_MAX

struct index_slot;
struct index { /* zeroed: empty */
	struct index_slot *slots;
	size_t size, count;
};

/* Adds number (below INDEX_NONE). 0, -ENOMEM: it is as it was. */
int index_add(struct index *index, uint64_t hash, uint32_t number);
/* The first number of this hash, in the order in which they were added, and the next
 * after it; INDEX_NONE: no more. *at is the walk's own. */
uint32_t index_first(const struct index *index, uint64_t hash, size_t *at);
uint32_t index_next(const struct index *index, uint64_t hash, size_t *at);
void index_free(struct index *index);

#endif
