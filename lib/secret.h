/* Bytes that must leave no trace: locked in memory, out of core dumps and of
 * forked children, wiped when done, compared in constant time. No log function
 * takes this type. */
#ifndef SALLYPORT_LIB_SECRET_H
#define SALLYPORT_LIB_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret {
	unsigned char *bytes; /* NULL when empty */
	size_t len;
};

/* An all-zero secret of len bytes (1..4096). 0, -EINVAL, -ENOMEM. */
int secret_new(struct secret *s, size_t len);
/* Wipes and releases; s is empty afterwards. Accepts an empty secret. */
void secret_free(struct secret *s);
/* Wipes any memory, in a way that the compiler keeps. */
void secret_wipe(void *bytes, size_t len);
/* Equality in a time that depends on len alone. */
bool secret_is_equal(const void *a, const void *b, size_t len);

#endif
