/* The walk over units. What it looks at is copied to hold; what passes and lies
 * whole in the input is given out from there, several units as one piece. */
#include "lib/sieve.h"

#include <string.h>

void
sieve_init(struct sieve *sieve, enum sieve_verdict (*judge)(void *, struct sieve *),
    void *owner, size_t least)
{
	*sieve = (struct sieve){.judge = judge, .owner = owner, .least = least, .need = least};
}

static void
end(struct sieve *sieve, const char *why)
{
	if (sieve->why == NULL)
		sieve->why = why;
	sieve->rest = 0;
	sieve->held = sieve->ready = 0;
}

void
sieve_expect(struct sieve *sieve, size_t least)
{
	sieve->least = least;
	if (sieve->held == 0)
		sieve->need = least;
	else if (!sieve->is_judging)
		end(sieve, "spoke out of turn");
}

static size_t
smaller(uint64_t rest, size_t len)
{
	return rest < len ? (size_t)rest : len;
}

/* Fills hold as far as it is asked for: the bytes used. */
static size_t
fill(struct sieve *sieve, const uint8_t *in, size_t len)
{
	size_t n = smaller(sieve->need - sieve->held, len);

	memcpy(sieve->hold + sieve->held, in, n);
	sieve->held += n;
	return n;
}

/* The judge's word on a unit of which need bytes are held. */
static enum sieve_verdict
judge(struct sieve *sieve)
{
	enum sieve_verdict verdict;

	sieve->rest = 0;
	sieve->is_judging = true;
	verdict = sieve->judge(sieve->owner, sieve);
	sieve->is_judging = false;
	if (verdict == SIEVE_MORE && (sieve->need <= sieve->held || sieve->need > SIEVE_HOLD)) {
		end(sieve, "longer than what may be held");
		return SIEVE_END;
	}
	if (verdict == SIEVE_MORE)
		sieve->rest = 0;
	if (verdict == SIEVE_END)
		end(sieve, "refused");
	sieve->is_dropping = verdict == SIEVE_DROP;
	return verdict;
}

/* Sees one unit's beginning in in: the bytes used, and the verdict; MORE when the
 * input was too short. */
static size_t
see(struct sieve *sieve, const uint8_t *in, size_t len, enum sieve_verdict *verdict)
{
	size_t used = 0;

	do {
		used += fill(sieve, in + used, len - used);
		*verdict = sieve->held < sieve->need ? SIEVE_MORE : judge(sieve);
	} while (*verdict == SIEVE_MORE && used < len);
	if (*verdict != SIEVE_MORE)
		sieve->need = sieve->least;
	return used;
}

/* What was held goes on from hold. */
static void
give_held(struct sieve *sieve, struct sieve_piece *out)
{
	*out = (struct sieve_piece){sieve->hold, sieve->ready};
	sieve->ready = sieve->held = 0;
}

/* One unit's beginning, from in. True: what comes next can go on in the same piece. */
static bool
step_unit(struct sieve *sieve, const uint8_t *in, size_t len, size_t *used)
{
	bool began_before = sieve->held > 0;
	enum sieve_verdict verdict;

	*used = see(sieve, in, len, &verdict);
	if (verdict == SIEVE_PASS && !began_before) {
		sieve->held = 0;
		return true;
	}
	if (verdict == SIEVE_DROP)
		sieve->held = 0;
	else if (verdict == SIEVE_PASS || verdict == SIEVE_REPLACE)
		sieve->ready = sieve->held;
	return false;
}

/* Of the unit at hand: the bytes of in that belong to it. */
static size_t
step_rest(struct sieve *sieve, size_t len)
{
	size_t n = smaller(sieve->rest, len);

	if (sieve->rest != SIEVE_FOREVER)
		sieve->rest -= n;
	return n;
}

size_t
sieve_step(struct sieve *sieve, const uint8_t *in, size_t len, struct sieve_piece *out)
{
	size_t start = 0, at = 0, used = 0; /* in[start] to in[at] goes on */
	bool goes_on = true;

	*out = (struct sieve_piece){NULL, 0};
	while (goes_on && at + used < len && sieve->why == NULL && sieve->ready == 0) {
		if (sieve->rest == 0) {
			goes_on = step_unit(sieve, in + at, len - at, &used);
		} else if (!sieve->is_dropping) {
			used = step_rest(sieve, len - at);
		} else if (at == start) {
			start += step_rest(sieve, len - at);
			at = start;
		} else {
			break; /* what goes on first */
		}
		if (goes_on) {
			at += used;
			used = 0;
		}
	}
	if (at > start)
		*out = (struct sieve_piece){in + start, at - start};
	else if (sieve->ready > 0)
		give_held(sieve, out);
	return sieve->why == NULL ? at + used : len;
}

bool
sieve_is_between(const struct sieve *sieve)
{
	return sieve->why == NULL && sieve->rest == 0 && sieve->held == 0 && sieve->ready == 0;
}

bool
sieve_is_open(const struct sieve *sieve)
{
	return sieve->why == NULL && sieve->rest == SIEVE_FOREVER && !sieve->is_dropping &&
	       sieve->ready == 0;
}

enum sieve_verdict
sieve_refuse(struct sieve *sieve, const char *why)
{
	sieve->why = why;
	return SIEVE_END;
}
