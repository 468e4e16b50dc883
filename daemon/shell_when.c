/* Times as people write them, by the gateway's clock. */
#include "daemon/shell_rows.h"

#include <stdio.h>
#include <string.h>

#define WEEK_S (7 * 86400)

/* A midnight is the day before's 24:00. */
void
shell_when(char *text, size_t cap, const char *word, time_t when)
{
	time_t day = when - 1;
	bool is_near = when - time(NULL) < WEEK_S;
	struct tm at, before;
	char date[32];

	text[0] = '\0';
	if (when == 0 || localtime_r(&when, &at) == NULL || localtime_r(&day, &before) == NULL)
		return;
	if (at.tm_hour == 0 && at.tm_min == 0 && strcmp(word, "until") == 0)
		strftime(date, sizeof(date), is_near ? "%a 24:00" : "%Y-%m-%d 24:00", &before);
	else
		strftime(date, sizeof(date), is_near ? "%a %H:%M" : "%Y-%m-%d %H:%M", &at);
	snprintf(text, cap, "%s %s", word, date);
}
