/* Days and numbers in file names. */
#include "lib/audit_name.h"

#include "lib/num.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PREFIX   AUDIT_NAME_NOW "-"
#define DATE_LEN 10
#define DAY_S    86400
#define SEQ_MIN  12 /* digits; more where they are needed */
#define SEQ_MAX  19

void
audit_name_format(const struct audit_name *name, char text[AUDIT_NAME_MAX])
{
	time_t at = (time_t)(name->day * DAY_S);
	struct tm tm = {.tm_mday = 1};

	(void)gmtime_r(&at, &tm);
	snprintf(text, AUDIT_NAME_MAX, PREFIX "%04d-%02d-%02d-%0*" PRIu64, tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, SEQ_MIN, name->seq);
}

/* len digits, or -1. */
static int
digits(const char *text, size_t len)
{
	int value = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

int64_t
audit_name_day(const char *text)
{
	struct tm tm = {0}, was;
	time_t at;

	if (strnlen(text, DATE_LEN) < DATE_LEN || text[4] != '-' || text[7] != '-' ||
	    digits(text, 4) < 1970 || digits(text + 5, 2) < 1 || digits(text + 8, 2) < 1)
		return -1;
	tm.tm_year = digits(text, 4) - 1900;
	tm.tm_mon = digits(text + 5, 2) - 1;
	tm.tm_mday = digits(text + 8, 2);
	was = tm;
	at = timegm(&tm);
	/* timegm makes the 1st of March of a 29th of February that was not. */
	return tm.tm_mon == was.tm_mon && tm.tm_mday == was.tm_mday ? at / DAY_S : -1;
}

bool
audit_name_parse(const char *text, struct audit_name *name)
{
	char copy[SEQ_MAX + 1];
	size_t len;

	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
		return false;
	text += strlen(PREFIX);
	name->day = audit_name_day(text);
	if (name->day < 0 || text[DATE_LEN] != '-')
		return false;
	text += DATE_LEN + 1;
	len = strspn(text, "0123456789");
	if (len < SEQ_MIN || len > SEQ_MAX || (text[len] != '\0' && text[len] != '.'))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	name->is_plain = text[len] == '\0';
	return num_parse(copy, 1, INT64_MAX, &name->seq) == 0;
}
