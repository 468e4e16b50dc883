/* An index of the first lines, so that what a decision costs does not grow with what its
 * user has elsewhere. */
#include "policy/grants_lines.h"

#include "policy/hash.h"

#include <errno.h>
#include <string.h>

static uint64_t
hash_of(size_t who, const char *vm)
{
	return hash_str(vm) ^ (uint64_t)who * 0x9e3779b97f4a7c15;
}

static size_t
find(const struct grants *grants, size_t who, const char *vm)
{
	uint64_t hash = hash_of(who, vm);
	size_t at;
	uint32_t n = index_first(&grants->lines, hash, &at);

	for (; n != INDEX_NONE; n = index_next(&grants->lines, hash, &at))
		if (grants->grants[n].who == who && strcmp(grants->grants[n].vm, vm) == 0)
			return (size_t)n + 1;
	return 0;
}

int
grants_lines_add(struct grants *grants, size_t number)
{
	struct grant *grant = &grants->grants[number];
	size_t first = find(grants, grant->who, grant->vm);

	grant->next = 0;
	grant->last = number + 1;
	if (first == 0)
		return number < INDEX_NONE
			   ? index_add(&grants->lines, hash_of(grant->who, grant->vm),
				 (uint32_t)number)
			   : -ENOMEM;
	grants->grants[grants->grants[first - 1].last - 1].next = number + 1;
	grants->grants[first - 1].last = number + 1;
	return 0;
}

size_t
grants_lines_first(const struct grants *grants, const struct grant_who *who, const char *vm)
{
	return who != NULL ? find(grants, (size_t)(who - grants->whos), vm) : 0;
}
