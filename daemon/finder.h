/* Finds the daemon's things by a key: each has a link for each key by which it is found,
 * which knows the key's hash alone; the caller compares the keys. */
#ifndef SALLYPORT_DAEMON_FINDER_H
#define SALLYPORT_DAEMON_FINDER_H

#include <stddef.h>
#include <stdint.h>

struct finder_link {
	struct finder_link *next, **back;
	uint64_t hash;
	void *thing;
};

#define FINDER_FEW 16

struct finder {
	struct finder_link *few[FINDER_FEW]; /* the rows, until there are more */
	struct finder_link **rows;
	size_t size, count;
};

/* Never fails: without memory the rows only get longer. */
void finder_init(struct finder *finder);
void finder_add(struct finder *finder, struct finder_link *link, uint64_t hash, void *thing);
void finder_remove(struct finder *finder, struct finder_link *link);
/* The thing that was added last with this hash, and the one before it; NULL: no more.
 * One that was removed has no next. */
void *finder_first(const struct finder *finder, uint64_t hash);
void *finder_next(const struct finder_link *link);
/* The finder must be empty. */
void finder_free(struct finder *finder);

/* Of a number. */
uint64_t finder_hash(uint64_t number);

#endif
