/* Sizes in powers of 1024, one place behind the point. */
#include "cli/amount.h"

#include <inttypes.h>
#include <stdio.h>

void
amount_size(char text[AMOUNT_MAX], uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double size = (double)bytes;
	size_t unit = 0;

	/* What would be shown as 1024.0 is one of the next unit. */
	for (; size >= (unit == 0 ? 1024 : 1023.95) &&
	       unit + 1 < sizeof(units) / sizeof(units[0]);
	     unit++)
		size /= 1024;
	snprintf(text, AMOUNT_MAX, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

void
amount_duration(char text[AMOUNT_MAX], uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s < 60)
		snprintf(text, AMOUNT_MAX, "%" PRIu64 ".%" PRIu64 " s", s, ms % 1000 / 100);
	else if (s < 3600)
		snprintf(text, AMOUNT_MAX, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else
		snprintf(
		    text, AMOUNT_MAX, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
}
