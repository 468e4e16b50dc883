/* The root-only file of 32 random bytes that all of the store's keys come from. */
#ifndef SALLYPORT_VERIFY_KEK_H
#define SALLYPORT_VERIFY_KEK_H

#include "lib/secret.h"

#include <stdbool.h>

/* Reads path as root. When it does not exist and there is no store yet either,
 * makes it (0400, on disk with its name before this returns). A store without
 * its key is never given a new one: that would only hide the loss. Says on the
 * log what is wrong. 0 and *kek (the caller's), else -errno. */
int kek_obtain(const char *path, bool has_store, struct secret *kek);

#endif
