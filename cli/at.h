/* The time of `explain --at`. */
#ifndef SALLYPORT_CLI_AT_H
#define SALLYPORT_CLI_AT_H

#include <time.h>

/* Reads "Wed 10:00" (the next one, today's included if it is not past), "10:00" (the
 * same of any day) or "2026-11-25 10:00", by the wall clock (TZ). English days, short
 * or long, in any case. now: where counting begins. 0 and *at; -EINVAL for another
 * form; -ERANGE for a date or time that does not exist, also for an hour that a
 * change of the clock leaves out. */
int at_parse(const char *text, time_t now, time_t *at);

#endif
