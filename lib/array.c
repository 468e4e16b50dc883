/* Arrays that double: full whenever the count is a power of two from FIRST on,
 * so that no capacity need be kept. */
#include "lib/array.h"

#include <stdint.h>
#include <stdlib.h>

#define FIRST 4

void *
array_grow(void *items, size_t count, size_t size)
{
	if (items == NULL)
		return reallocarray(NULL, FIRST, size);
	if (count < FIRST || (count & (count - 1)) != 0)
		return items;
	if (count > SIZE_MAX / 2)
		return NULL;
	return reallocarray(items, count * 2, size);
}
