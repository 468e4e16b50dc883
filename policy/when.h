/* When a grant holds, by the wall clock: "always", or windows of days and times
 * joined by ';', then since/until dates. Grammar: man/vm_mappings.5. */
#ifndef SALLYPORT_POLICY_WHEN_H
#define SALLYPORT_POLICY_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define WHEN_DAY_MINUTES 1440

/* Half-open: minute start is in, minute end is not. An end not above the start is
 * on the next day; the window then still belongs to the day that it started. */
struct when_window {
	uint8_t days;   /* bit 0 Sunday … bit 6 Saturday */
	uint16_t start; /* minute of the day, 0..1439 */
	uint16_t end;   /* 1..1440, or, on the next day, 0..start - 1 */
};

struct when {
	struct when_window *windows; /* owned; none: always */
	size_t window_count;
	int32_t since, until; /* days since 1970-01-01, both inclusive; the day that a
	                         window started on is judged by them */
};

/* A moment on the wall clock. */
struct when_clock {
	int32_t day; /* since 1970-01-01 */
	int minute;  /* 0..1439 */
	int second;  /* 0..60 */
	long offset; /* seconds east of UTC */
};

/* Reads text, which it cuts up. 0; -EINVAL and a sentence in why[cap]; -ENOMEM.
 * After an error there is nothing to free. */
int when_parse(char *text, struct when *when, char *why, size_t cap);
void when_free(struct when *when);

/* False when the time is beyond what the calendar can say. */
bool when_clock(time_t at, struct when_clock *clock);
bool when_holds(const struct when *when, const struct when_clock *clock);
/* Why it does not hold then: "not on Wed", "not at 10:00", "not after 2027-03-31". */
void when_why_not(const struct when *when, const struct when_clock *clock, char *text, size_t cap);

#endif
