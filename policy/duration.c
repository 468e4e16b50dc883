/* The one parser of times in settings. */
#include "policy/duration.h"

#include "lib/num.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	uint64_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

int
duration_parse(const char *text, uint64_t min_ms, uint64_t max_ms, uint64_t *ms)
{
	size_t n = strspn(text, "0123456789");
	uint64_t value;
	char digits[16];

	if (n == 0 || n >= sizeof(digits))
		return n == 0 ? -EINVAL : -ERANGE;
	memcpy(digits, text, n);
	digits[n] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + n, units[i].name) != 0)
			continue;
		/* 15 digits of days stay far below 2^64 ms only after this bound. */
		if (num_parse(digits, 0, UINT64_MAX / units[i].ms, &value) < 0)
			return -ERANGE;
		value *= units[i].ms;
		if (value < min_ms || value > max_ms)
			return -ERANGE;
		*ms = value;
		return 0;
	}
	return -EINVAL;
}

char *
duration_format(uint64_t ms, char *text, size_t cap)
{
	if (ms % 1000 == 0)
		snprintf(text, cap, "%" PRIu64 "s", ms / 1000);
	else
		snprintf(text, cap, "%" PRIu64 "ms", ms);
	return text;
}
