/* Verdict, reason, line. */
#include "cli/explained.h"

#include "cli/printable.h"

#include <stdbool.h>
#include <string.h>

#define INDENT "       "

static bool
is_known(const char *key)
{
	static const char *const known[] = {
	    "verdict", "reason", "line", "text", "why", "next", "next_epoch"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i], key) == 0)
			return true;
	return false;
}

/* Windows begin and end at full minutes: the seconds would only be noise. */
static void
put_when(FILE *out, const char *when)
{
	size_t len = strlen(when);
	char cut[64];

	if (len > 6 && len < sizeof(cut) && strcmp(when + len - 3, ":00") == 0 &&
	    when[len - 6] == ':') {
		snprintf(cut, sizeof(cut), "%.*s", (int)(len - 3), when);
		when = cut;
	}
	printable_put(out, when);
}

static void
put_why(FILE *out, const char *why)
{
	if (*why == '\0')
		return;
	fputs("   (", out);
	printable_put(out, why);
	fputc(')', out);
}

static void
print_row(FILE *out, const struct rows_row *row)
{
	const char *verdict = rows_value(row, "verdict"), *next = rows_value(row, "next");
	const char *line = rows_value(row, "line"), *text = rows_value(row, "text");
	size_t width = printable_put(out, verdict);

	fprintf(out, "%*s", width < 7 ? (int)(7 - width) : 1, "");
	printable_put(out, rows_value(row, "reason"));
	if (*next != '\0') {
		fputs(strcmp(verdict, "allow") == 0 ? "; until " : "; next allowed ", out);
		put_when(out, next);
	}
	fputc('\n', out);
	if (*line != '\0' || *text != '\0') {
		fputs(INDENT, out);
		printable_put(out, line);
		fputs(*line != '\0' ? "  " : "", out);
		printable_put(out, text);
		put_why(out, rows_value(row, "why"));
		fputc('\n', out);
	}
	for (size_t i = 0; i < row->count; i++) {
		if (is_known(row->pairs[i].key))
			continue;
		fputs(INDENT, out);
		printable_put(out, row->pairs[i].key);
		fputs("  ", out);
		printable_put(out, row->pairs[i].value);
		fputc('\n', out);
	}
}

void
explained_print(FILE *out, const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		print_row(out, &rows->rows[i]);
}
