/* Arrays that grow. */
#ifndef SALLYPORT_LIB_ARRAY_H
#define SALLYPORT_LIB_ARRAY_H

#include <stddef.h>

/* Room for one item of size bytes more after the count that items holds (grown
 * only through this function, from NULL and 0). The array, moved or not; NULL
 * when there is no memory: items is then as it was, still the caller's. */
void *array_grow(void *items, size_t count, size_t size);

#endif
