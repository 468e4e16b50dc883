/* For tests: a stream through a sieve, in whatever pieces. */
#ifndef SALLYPORT_TESTS_SUPPORT_SIEVE_PLAY_H
#define SALLYPORT_TESTS_SUPPORT_SIEVE_PLAY_H

#include "lib/sieve.h"
#include "tests/support/require.h"

#include <string.h>

struct played {
	size_t len;
	uint8_t bytes[1u << 19];
};

/* One read of len bytes, from memory of just that size, which a sanitizer guards. */
static inline void
play_read(struct sieve *sieve, const uint8_t *bytes, size_t len, struct played *out)
{
	uint8_t *in = malloc(len > 0 ? len : 1);
	struct sieve_piece piece;
	size_t at = 0;

	REQUIRE(in != NULL);
	if (len > 0)
		memcpy(in, bytes, len);
	do {
		size_t used = sieve_step(sieve, in + at, len - at, &piece);
		REQUIRE(used <= len - at);
		REQUIRE(used > 0 || piece.len > 0 || at == len);
		REQUIRE(piece.len <= sizeof(out->bytes) - out->len);
		if (piece.len > 0)
			memcpy(out->bytes + out->len, piece.bytes, piece.len);
		out->len += piece.len;
		at += used;
	} while (piece.len > 0 || at < len);
	free(in);
}

/* All of it, cut into reads of that many bytes. */
static inline void
play(struct sieve *sieve, const uint8_t *bytes, size_t len, size_t cut, struct played *out)
{
	for (size_t at = 0; at < len; at += cut)
		play_read(sieve, bytes + at, len - at < cut ? len - at : cut, out);
}

#endif
