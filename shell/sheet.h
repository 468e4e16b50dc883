/* A text for people that grows, and knows no descriptor. */
#ifndef SALLYPORT_SHELL_SHEET_H
#define SALLYPORT_SHELL_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#define SHEET_COLUMNS 80

struct sheet {
	char *text; /* NUL-terminated; NULL: empty */
	size_t len, cap;
	bool is_styled; /* for a terminal that knows bold letters */
	bool failed;    /* no memory: the text is not whole */
};

void sheet_free(struct sheet *sheet); /* accepts an empty one */
/* Our own text, or what was escaped. */
void sheet_put(struct sheet *sheet, const char *text);
void sheet_bytes(struct sheet *sheet, const char *bytes, size_t len);
/* As printf. */
void sheet_format(struct sheet *sheet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Foreign text, escaped (glyph.h). */
void sheet_foreign(struct sheet *sheet, const char *foreign);
/* The same, cut to at most width columns. */
void sheet_cut(struct sheet *sheet, const char *foreign, size_t width);
/* The same and blanks up to width and two more columns; bold where there is such. */
void sheet_cell(struct sheet *sheet, const char *foreign, size_t width, bool is_bold);
/* Foreign words, from column indent on; where the line is full, the next begins there,
 * too. Ends the line. */
void sheet_words(struct sheet *sheet, const char *foreign, size_t indent);

#endif
