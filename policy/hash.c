/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), then a final mix. */
#include "policy/hash.h"

uint64_t
hash_str(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
		hash = (hash ^ *c) * 0x100000001b3;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}
