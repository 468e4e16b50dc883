/* What differs between two texts, line by line. */
#ifndef SALLYPORT_CLI_LINE_DIFF_H
#define SALLYPORT_CLI_LINE_DIFF_H

#include <stdio.h>

/* Lines a text may have. */
#define LINE_DIFF_MAX 2000

/* Writes lines that only one of the texts has, in order, as "PREFIX-LINE" (before)
 * and "PREFIX+LINE" (after), and before each run of them "PREFIX@@ line N", N
 * counted in before. 0, -ENOMEM, -EFBIG. */
int line_diff(FILE *out, const char *before, const char *after, const char *prefix);

#endif
