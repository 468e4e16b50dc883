/* One block of memory that doubles. */
#include "shell/sheet.h"

#include "shell/glyph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHEET_MAX (64 * 1024 * 1024)

void
sheet_free(struct sheet *sheet)
{
	free(sheet->text);
	*sheet = (struct sheet){0};
}

static bool
make_room(struct sheet *sheet, size_t len)
{
	size_t cap = sheet->cap == 0 ? 4096 : sheet->cap;
	char *grown;

	if (sheet->failed || len > SHEET_MAX - sheet->len) {
		sheet->failed = true;
		return false;
	}
	while (cap <= sheet->len + len)
		cap *= 2;
	if (cap == sheet->cap)
		return true;
	grown = realloc(sheet->text, cap);
	if (grown == NULL) {
		sheet->failed = true;
		return false;
	}
	sheet->text = grown;
	sheet->cap = cap;
	return true;
}

void
sheet_bytes(struct sheet *sheet, const char *bytes, size_t len)
{
	if (!make_room(sheet, len))
		return;
	memcpy(sheet->text + sheet->len, bytes, len);
	sheet->len += len;
	sheet->text[sheet->len] = '\0';
}

void
sheet_put(struct sheet *sheet, const char *text)
{
	sheet_bytes(sheet, text, strlen(text));
}

void
sheet_format(struct sheet *sheet, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sheet_put(sheet, text);
}

void
sheet_foreign(struct sheet *sheet, const char *foreign)
{
	char text[4096];

	sheet_put(sheet, glyph_escape(text, sizeof(text), foreign));
}

void
sheet_cut(struct sheet *sheet, const char *foreign, size_t width)
{
	char text[4096];

	glyph_cut(glyph_escape(text, sizeof(text), foreign), width);
	sheet_put(sheet, text);
}

void
sheet_cell(struct sheet *sheet, const char *foreign, size_t width, bool is_bold)
{
	char text[4096];
	size_t used;

	glyph_escape(text, sizeof(text), foreign);
	used = glyph_width(text);
	is_bold = is_bold && sheet->is_styled && used > 0;
	sheet_format(sheet, "%s%s%s%*s", is_bold ? "\033[1m" : "", text,
	    is_bold ? "\033[0m" : "", used < width ? (int)(width - used) + 2 : 2, "");
}

void
sheet_words(struct sheet *sheet, const char *foreign, size_t indent)
{
	char text[4096], *word = glyph_escape(text, sizeof(text), foreign), *end;
	size_t column = indent;

	while (*word != '\0') {
		size_t width;
		bool is_last;

		end = word + strcspn(word, " ");
		is_last = *end == '\0';
		*end = '\0';
		width = glyph_width(word);
		if (column > indent && column + 1 + width > SHEET_COLUMNS) {
			sheet_format(sheet, "\n%*s", (int)indent, "");
			column = indent;
		}
		sheet_format(sheet, "%s%s", column > indent ? " " : "", word);
		column += width + (column > indent);
		word = is_last ? end : end + 1;
	}
	sheet_put(sheet, "\n");
}
