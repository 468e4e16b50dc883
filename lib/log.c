/* The program's own words to its admin. */
#include "lib/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *log_name = "sallyport";
static bool log_is_debug;
static bool log_has_levels; /* the journal reads our standard error */

void
log_open(const char *name, bool debug)
{
	log_name = name;
	log_is_debug = debug;
	log_has_levels = getenv("JOURNAL_STREAM") != NULL;
}

static void
log_line(int level, const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	if (log_has_levels)
		fprintf(stderr, "<%d>%s: %s\n", level, log_name, line);
	else
		fprintf(stderr, "%s: %s\n", log_name, line);
}

void
log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(3, format, args);
	va_end(args);
}

void
log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(4, format, args);
	va_end(args);
}

void
log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(6, format, args);
	va_end(args);
}

void
log_debug(const char *format, ...)
{
	va_list args;

	if (!log_is_debug)
		return;
	va_start(args, format);
	log_line(7, format, args);
	va_end(args);
}
