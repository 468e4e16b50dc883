/* The lines of a report: made here, so that all look alike and none carries a
 * foreign byte that a terminal would obey. */
#include "policy/report.h"

#include "lib/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 1000
#define PART_MAX  512

static void
append(struct report *report, const char *line, size_t len)
{
	size_t need = report->len + len + 2;

	if (report->errors + report->warnings > LINES_MAX)
		return;
	if (need > report->cap) {
		char *grown = realloc(report->text, need * 2);
		if (grown == NULL)
			return; /* the count still says that there is an error */
		report->text = grown;
		report->cap = need * 2;
	}
	if (report->len > 0)
		report->text[report->len++] = '\n';
	memcpy(report->text + report->len, line, len);
	report->len += len;
	report->text[report->len] = '\0';
}

static void
say(struct report *report, const char *kind, const char *file, size_t line, const char *key,
    const char *format, va_list args)
{
	char reason[PART_MAX], safe[4 * PART_MAX], name[PART_MAX], about[PART_MAX];
	char text[6 * PART_MAX + 64], number[24] = "";

	if (vsnprintf(reason, sizeof(reason), format, args) < 0)
		reason[0] = '\0';
	escape_str(safe, sizeof(safe), reason);
	escape_str(name, sizeof(name), file);
	escape_str(about, sizeof(about), key);
	if (line > 0)
		snprintf(number, sizeof(number), ":%zu", line);
	if (snprintf(text, sizeof(text), "%s%s: %s%s%s%s", name, number, kind, about,
		key != NULL ? ": " : "", safe) > 0)
		append(report, text, strlen(text));
}

void
report_error(struct report *report, const char *file, size_t line, const char *key,
    const char *format, ...)
{
	va_list args;

	report->errors++;
	va_start(args, format);
	say(report, "", file, line, key, format, args);
	va_end(args);
}

void
report_warning(struct report *report, const char *file, size_t line, const char *key,
    const char *format, ...)
{
	va_list args;

	report->warnings++;
	va_start(args, format);
	say(report, "warning: ", file, line, key, format, args);
	va_end(args);
}

void
report_free(struct report *report)
{
	free(report->text);
	memset(report, 0, sizeof(*report));
}
