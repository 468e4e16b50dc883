/* Widths, then lines. */
#include "cli/table.h"

#include "cli/printable.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2

static void
pad(FILE *out, size_t width)
{
	while (width-- > 0)
		fputc(' ', out);
}

/* In a row of the same shape the n-th pair is the n-th column. */
static const char *
cell(const struct rows_row *row, size_t column, const char *key)
{
	if (column < row->count && strcmp(row->pairs[column].key, key) == 0)
		return row->pairs[column].value;
	return rows_value(row, key);
}

static bool
has_key(const struct rows_row *row, const char *key)
{
	for (size_t i = 0; i < row->count; i++)
		if (strcmp(row->pairs[i].key, key) == 0)
			return true;
	return false;
}

static size_t
column_width(const struct rows *rows, size_t column, const char *key)
{
	size_t width = printable_width(key);

	for (size_t i = 0; i < rows->count; i++) {
		size_t w = printable_width(cell(&rows->rows[i], column, key));
		if (w > width)
			width = w;
	}
	return width;
}

static void
print_header(FILE *out, const struct rows_row *first, const size_t *widths)
{
	for (size_t i = 0; i < first->count; i++) {
		const char *key = first->pairs[i].key;
		size_t width = printable_width(key);

		for (; *key != '\0'; key++)
			fputc(isalnum((unsigned char)*key) ? toupper((unsigned char)*key) : '_',
			    out);
		if (i + 1 < first->count)
			pad(out, widths[i] + GAP - width);
	}
	fputc('\n', out);
}

static void
print_row(
    FILE *out, const struct rows_row *first, const struct rows_row *row, const size_t *widths)
{
	size_t owed = 0; /* blanks that stand before the next word, but at no line's end */

	for (size_t i = 0; i < first->count; i++) {
		const char *value = cell(row, i, first->pairs[i].key);
		if (*value == '\0') {
			owed += widths[i] + GAP;
			continue;
		}
		pad(out, owed);
		owed = widths[i] + GAP - printable_put(out, value);
	}
	for (size_t i = 0; i < row->count; i++) {
		if (has_key(first, row->pairs[i].key))
			continue;
		pad(out, owed);
		printable_put(out, row->pairs[i].key);
		fputc('=', out);
		printable_put(out, row->pairs[i].value);
		owed = GAP;
	}
	fputc('\n', out);
}

void
table_print(FILE *out, const struct rows *rows)
{
	const struct rows_row *first = rows->rows;
	size_t *widths;

	if (rows->count == 0)
		return;
	widths = calloc(first->count + 1, sizeof(*widths));
	if (widths == NULL) {
		table_print_list(out, rows); /* needs no memory */
		return;
	}
	for (size_t i = 0; i < first->count; i++)
		widths[i] = column_width(rows, i, first->pairs[i].key);
	print_header(out, first, widths);
	for (size_t i = 0; i < rows->count; i++)
		print_row(out, first, &rows->rows[i], widths);
	free(widths);
}

void
table_print_list(FILE *out, const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct rows_row *row = &rows->rows[i];
		size_t width = 0;

		for (size_t j = 0; j < row->count; j++)
			if (printable_width(row->pairs[j].key) > width)
				width = printable_width(row->pairs[j].key);
		if (i > 0)
			fputc('\n', out);
		for (size_t j = 0; j < row->count; j++) {
			size_t used = printable_put(out, row->pairs[j].key);
			if (row->pairs[j].value[0] != '\0')
				pad(out, width + GAP - used);
			printable_put(out, row->pairs[j].value);
			fputc('\n', out);
		}
	}
}

void
table_print_values(FILE *out, const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		for (size_t j = 0; j < rows->rows[i].count; j++) {
			if (j > 0)
				pad(out, GAP);
			printable_put(out, rows->rows[i].pairs[j].value);
		}
		fputc('\n', out);
	}
}
