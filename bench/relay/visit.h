/* For figures: a clock, quantiles, and one short visit at a place. */
#ifndef SALLYPORT_BENCH_RELAY_VISIT_H
#define SALLYPORT_BENCH_RELAY_VISIT_H

#include "tests/support/place.h"

#include <netinet/tcp.h>
#include <time.h>

static inline void
visit_prepare(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static inline int64_t
visit_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline int
visit_compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts ns[n]; that quantile in microseconds. */
static inline double
visit_quantile(int64_t *ns, size_t n, double q)
{
	qsort(ns, n, sizeof(*ns), visit_compare);
	return n == 0 ? 0 : (double)ns[(size_t)((double)(n - 1) * q)] / 1e3;
}

/* Connects, has one byte echoed, closes: nanoseconds, -1 when that failed. */
static inline int64_t
visit_once(const struct place *place)
{
	int64_t began = visit_now_ns(), spent = -1;
	int fd = place_connect(place);
	char c = 'c';

	if (fd < 0)
		return -1;
	visit_prepare(fd);
	if (send(fd, &c, 1, MSG_NOSIGNAL) == 1 && recv(fd, &c, 1, 0) == 1)
		spent = visit_now_ns() - began;
	close(fd);
	return spent;
}

#endif
