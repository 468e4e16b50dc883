/* Wrong OTPs cost time: how long the refusal of one is held back, by (user,
 * service, address). Nothing is ever refused here: a right OTP does not ask. No
 * clock and no timer of its own; bounded, and a full table forgets the oldest. */
#ifndef SALLYPORT_DAEMON_DELAY_H
#define SALLYPORT_DAEMON_DELAY_H

#include <stddef.h>
#include <stdint.h>

#define DELAY_FIRST_MS  250   /* doubled with each further one, up to … */
#define DELAY_STEP_MS   2000
#define DELAY_MOST_MS   3000  /* no refusal is held longer; sshd doubles it */
#define DELAY_FORGET_MS 60000 /* this long after the last refusal all is forgotten */

struct delay;

struct delay_who {
	const char *user, *service, *source; /* NULL is "" */
};

/* NULL without memory or random numbers. */
struct delay *delay_new(void);
void delay_free(struct delay *delay);

/* A wrong one at now_ms, a time of io_now_ms: in how many ms may it be told? Those of
 * one who stand in line, so that many at once are told as slowly as one by one, up to
 * DELAY_MOST_MS. */
uint32_t delay_wrong(struct delay *delay, const struct delay_who *who, int64_t now_ms);
/* A right one: what was wrong before is forgotten. */
void delay_right(struct delay *delay, const struct delay_who *who);

/* How many are remembered at now_ms. */
size_t delay_count(const struct delay *delay, int64_t now_ms);

#endif
