/* A hash of strings for tables in memory; the strings are root's own files'. */
#ifndef SALLYPORT_POLICY_HASH_H
#define SALLYPORT_POLICY_HASH_H

#include <stdint.h>

/* FNV-1a, 64 bits, mixed so that its low bits will do. */
uint64_t hash_str(const char *text);

#endif
