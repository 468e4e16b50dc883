/* When a verdict changes next, if no file does. */
#ifndef SALLYPORT_POLICY_NEXT_H
#define SALLYPORT_POLICY_NEXT_H

#include "policy/when.h"

/* A line that has to do with the question. */
struct next_line {
	const struct when *when;
	uint32_t gives; /* which of the needed bits */
};

struct next_lines {
	const struct next_line *lines;
	size_t count;
	uint32_t needed; /* all of these make an allow */
};

bool next_holds(const struct next_lines *lines, const struct when_clock *clock);

/* The first second after at from which next_holds has another value; 0: never.
 * Exact, changes of the clock (daylight saving) included, provided that the zone's
 * offset does not change twice within a day. Where it would take more than
 * NEXT_STEPS_MAX looks, an earlier time at which nothing changes: who asks again
 * then misses nothing. */
time_t next_change(const struct next_lines *lines, time_t at);

/* The sooner of two such times. */
time_t next_sooner(time_t a, time_t b);

#define NEXT_STEPS_MAX 100000

#endif
