/* A keyring in a folder of its own, for unit tests. */
#ifndef SALLYPORT_TESTS_SUPPORT_RING_H
#define SALLYPORT_TESTS_SUPPORT_RING_H

#include "tests/support/softkey.h"
#include "verify/attempt.h"
#include "verify/keyring.h"

#include <stdlib.h>
#include <unistd.h>

struct bench {
	char dir[32];
	struct crypt *crypt;
	struct keyring *ring;
};

static inline int
bench_open(struct bench *b)
{
	return keyring_open(&b->ring, b->dir, b->crypt, 100);
}

static inline void
bench_shut(struct bench *b)
{
	keyring_close(b->ring);
	b->ring = NULL;
}

static inline int
bench_new(struct bench *b)
{
	static const uint8_t kek[CRYPT_KEK] = {7};

	*b = (struct bench){.dir = "/tmp/ring-XXXXXX"};
	return mkdtemp(b->dir) != NULL && crypt_new(&b->crypt, kek) == 0 ? bench_open(b) : -1;
}

static inline void
bench_free(struct bench *b)
{
	char path[64];

	bench_shut(b);
	crypt_free(b->crypt);
	snprintf(path, sizeof(path), "%s/keys.db", b->dir);
	unlink(path);
	rmdir(b->dir);
}

#endif
