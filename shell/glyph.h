/* Foreign text for a terminal: what is printed as one would expect passes, in ASCII and
 * beyond; everything that could move, hide or turn what stands around it does not. */
#ifndef SALLYPORT_SHELL_GLYPH_H
#define SALLYPORT_SHELL_GLYPH_H

#include <stddef.h>

/* Copies into text[cap] (at least 4): ASCII as escape_str does, of UTF-8 the letters and
 * signs of a table, every other byte as \xNN. What does not fit is cut, which a final
 * "..." marks. Returns text. */
char *glyph_escape(char *text, size_t cap, const char *foreign);
/* The columns that such a text takes on a terminal. */
size_t glyph_width(const char *text);
/* Cuts such a text to at most width columns (at least 3), marked by a final "...". */
void glyph_cut(char *text, size_t width);

#endif
