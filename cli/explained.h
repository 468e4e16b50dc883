/* The answer of `explain`, as people read it. */
#ifndef SALLYPORT_CLI_EXPLAINED_H
#define SALLYPORT_CLI_EXPLAINED_H

#include "cli/rows.h"

#include <stdio.h>

/* For each row: "deny   REASON; next allowed WHEN", then the deciding line and its
 * words, then whatever other keys there are. */
void explained_print(FILE *out, const struct rows *rows);

#endif
