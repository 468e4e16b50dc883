/* For tests: what a process costs. */
#ifndef SALLYPORT_TESTS_SUPPORT_USAGE_H
#define SALLYPORT_TESTS_SUPPORT_USAGE_H

#include "tests/support/require.h"

#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Memory of its own, resident, in KiB. */
static inline long
usage_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	REQUIRE(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtol(line + 8, NULL, 10);
	fclose(f);
	REQUIRE(kib >= 0);
	return kib;
}

/* CPU time so far, in microseconds. */
static inline long
usage_us(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	REQUIRE(clock_getcpuclockid(pid, &clock) == 0);
	REQUIRE(clock_gettime(clock, &t) == 0);
	return (long)(t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

/* Sooner or later it rests: so many ms in which it takes less than us of CPU. */
static inline long
usage_rest(pid_t pid, unsigned int ms, long us)
{
	for (int i = 0; i < 60; i++) {
		long before = usage_us(pid);
		usleep(ms * 1000);
		long used = usage_us(pid) - before;
		if (used < us)
			return used;
	}
	REQUIRE(!"it never rests");
	return us;
}

#endif
