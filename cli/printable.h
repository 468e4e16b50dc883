/* Foreign text on a terminal: UTF-8 stays readable, and nothing in it can move the
 * cursor or turn the writing direction. (In JSON a text stays exact.) */
#ifndef SALLYPORT_CLI_PRINTABLE_H
#define SALLYPORT_CLI_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

/* How many bytes at text form one printable character (1..4); 0 when the first
 * byte must be shown as \xNN: controls, invalid UTF-8, invisible and bidirectional
 * controls. text is NUL-terminated. */
size_t printable_char(const char *text);

/* Columns that printable_put takes: one a character, four for \xNN. */
size_t printable_width(const char *text);

/* Writes text to out; the columns taken. */
size_t printable_put(FILE *out, const char *text);

#endif
