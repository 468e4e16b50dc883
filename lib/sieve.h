/* A stream of units of which some go on, some don't, and some are changed. Each
 * unit is judged once, by its first bytes, whatever pieces the stream comes in;
 * what follows them goes by length and is not looked at. No I/O, no allocation. */
#ifndef SALLYPORT_LIB_SIEVE_H
#define SALLYPORT_LIB_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIEVE_HOLD    640        /* most bytes that a judge may ask to see */
#define SIEVE_FOREVER UINT64_MAX /* as rest: all that comes from here on */

enum sieve_verdict {
	SIEVE_END = 0, /* the stream ends here, for what why says */
	SIEVE_MORE,    /* cannot be told yet: need bytes are to be seen */
	SIEVE_PASS,    /* the bytes seen go on, and rest bytes after them */
	SIEVE_DROP,    /* neither these nor the rest bytes after them go on */
	SIEVE_REPLACE, /* hold, held bytes of it, goes on instead, then rest bytes */
};

struct sieve {
	/* Sees the first held bytes of a unit in hold, at least need; may change
	 * hold and held (for REPLACE), need (for MORE), rest and why. */
	enum sieve_verdict (*judge)(void *owner, struct sieve *sieve);
	void *owner;
	const char *why;  /* static words; not NULL: ended, nothing goes on any more */
	uint64_t rest;    /* bytes of this unit that follow */
	size_t least;     /* bytes to see of each unit, at least 1 */
	size_t need;      /* and of this one */
	size_t held;      /* bytes in hold */
	size_t ready;     /* of these, judged and to be given out */
	bool is_dropping; /* the rest */
	bool is_judging;
	uint8_t hold[SIEVE_HOLD];
};

/* Bytes that go on: of the input, or of the sieve until the next step. */
struct sieve_piece {
	const uint8_t *bytes;
	size_t len; /* 0: none */
};

void sieve_init(struct sieve *sieve, enum sieve_verdict (*judge)(void *, struct sieve *),
    void *owner, size_t least);

/* From now on least bytes of each unit, also of the next. A unit that has begun
 * already, but is not being judged, came too early and ends the stream: it would be
 * taken for what comes next. */
void sieve_expect(struct sieve *sieve, size_t least);

/* Looks at in and says what goes on now; returns how many bytes of it were used.
 * Call it until it used all and gave an empty piece; then ask for why, of both ways. */
size_t sieve_step(struct sieve *sieve, const uint8_t *in, size_t len, struct sieve_piece *out);

enum sieve_verdict sieve_refuse(struct sieve *sieve, const char *why); /* a judge's: ends it */
bool sieve_is_between(const struct sieve *sieve); /* units: others' bytes may go on now */
bool sieve_is_open(const struct sieve *sieve);    /* all passes: nobody needs to ask */

#endif
