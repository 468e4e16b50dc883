/* Walks along the wall clock: from one boundary of a window (midnights are always
 * one) or jump of the clock to the next, and looks at each whether the verdict is
 * another. What holds on a weekday holds a week later; so two weeks without a
 * change (in one of which a jump of the clock may have hidden an hour) reach until
 * the next date in a since or until. */
#include "policy/next.h"

#define DAY_SECONDS 86400
#define SEARCH_DAYS 16

struct walk {
	const struct next_lines *lines;
	time_t at;
	struct when_clock clock; /* at that time */
};

bool
next_holds(const struct next_lines *lines, const struct when_clock *clock)
{
	uint32_t given = 0;

	for (size_t i = 0; i < lines->count; i++)
		if ((lines->lines[i].gives & ~given) != 0 &&
		    when_holds(lines->lines[i].when, clock))
			given |= lines->lines[i].gives;
	return lines->needed != 0 && (given & lines->needed) == lines->needed;
}

/* Makes *best, seconds from now, that of minute on the wall if it is sooner. */
static void
sooner(const struct when_clock *clock, int minute, int *best)
{
	int left = (minute - clock->minute) * 60 - clock->second;

	if (left > 0 && left < *best)
		*best = left;
}

/* Seconds until the wall clock, left to run, comes to the next boundary. */
static int
to_boundary(const struct walk *walk)
{
	int best = (WHEN_DAY_MINUTES - walk->clock.minute) * 60 - walk->clock.second;

	if (best <= 0)
		best = 1; /* a leap second at midnight */
	for (size_t i = 0; i < walk->lines->count; i++) {
		const struct when *when = walk->lines->lines[i].when;
		for (size_t k = 0; k < when->window_count; k++) {
			sooner(&walk->clock, when->windows[k].start, &best);
			sooner(&walk->clock, when->windows[k].end, &best);
		}
	}
	return best;
}

/* Sets walk->clock back to when the zone's offset changed, at most at walk->at and
 * after the time before, at which it was offset. */
static bool
back_to_jump(struct walk *walk, time_t before, long offset)
{
	time_t low = before, high = walk->at;
	struct when_clock clock;

	while (high - low > 1) {
		time_t middle = low + (high - low) / 2;
		if (!when_clock(middle, &clock))
			return false;
		if (clock.offset == offset)
			low = middle;
		else
			high = middle;
	}
	walk->at = high;
	return when_clock(high, &walk->clock);
}

/* To the next boundary or jump. False at the end of time. */
static bool
step(struct walk *walk)
{
	time_t before = walk->at;
	long offset = walk->clock.offset;

	walk->at += to_boundary(walk);
	if (!when_clock(walk->at, &walk->clock))
		return false;
	return walk->clock.offset == offset || back_to_jump(walk, before, offset);
}

/* The first day after today on which other lines may hold than today; INT32_MAX:
 * none. */
static int32_t
next_base(const struct next_lines *lines, int32_t today)
{
	int32_t best = INT32_MAX;

	for (size_t i = 0; i < lines->count; i++) {
		const struct when *when = lines->lines[i].when;
		if (when->since > today && when->since < best)
			best = when->since;
		if (when->until != INT32_MAX && when->until + 1 > today &&
		    when->until + 1 < best)
			best = when->until + 1;
	}
	return best;
}

static bool
is_timeless(const struct next_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (lines->lines[i].when->window_count > 0)
			return false;
	return true;
}

/* To a time before that day's midnight, whatever the zone; never back. */
static bool
jump(struct walk *walk, int32_t day)
{
	time_t at = (time_t)day * DAY_SECONDS - DAY_SECONDS - DAY_SECONDS / 2;

	if (at > walk->at)
		walk->at = at;
	return when_clock(walk->at, &walk->clock);
}

time_t
next_change(const struct next_lines *lines, time_t at)
{
	struct walk walk = {.lines = lines, .at = at};
	int32_t base, last;
	bool is_held;

	if (lines->count == 0 || !when_clock(at, &walk.clock))
		return 0;
	is_held = next_holds(lines, &walk.clock);
	base = walk.clock.day;
	last = base + (is_timeless(lines) ? 0 : SEARCH_DAYS);
	for (int steps = 0; steps < NEXT_STEPS_MAX; steps++) {
		if (walk.clock.day > last) {
			base = next_base(lines, base);
			if (base == INT32_MAX || !jump(&walk, base))
				return 0;
			last = base + SEARCH_DAYS;
		}
		if (!step(&walk))
			return 0;
		if (next_holds(lines, &walk.clock) != is_held)
			return walk.at;
	}
	return walk.at;
}

time_t
next_sooner(time_t a, time_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}
