/* Foreign bytes made fit for a log line, a terminal or a record. */
#ifndef SALLYPORT_LIB_ESCAPE_H
#define SALLYPORT_LIB_ESCAPE_H

#include <stddef.h>

/* Copies len bytes into text[cap]: printable ASCII as it is, '\' doubled,
 * every other byte as \xNN. Always NUL-terminated; what does not fit is cut
 * and the cut marked by a final "...". cap must be at least 4.
 * Returns text. 4 * len + 1 bytes hold any input whole. */
char *escape_bytes(char *text, size_t cap, const void *bytes, size_t len);

/* escape_bytes of a string; NULL is "". */
char *escape_str(char *text, size_t cap, const char *foreign);

#endif
