/* Rows for people. Keys that nobody here knows are printed all the same. */
#ifndef SALLYPORT_CLI_TABLE_H
#define SALLYPORT_CLI_TABLE_H

#include "cli/rows.h"

#include <stdio.h>

/* An aligned table. Its columns are the keys of the first row, in capitals on top;
 * what a later row has besides stands behind it as key=value. Nothing for no row. */
void table_print(FILE *out, const struct rows *rows);

/* One line for each key, values aligned; an empty line between rows. */
void table_print_list(FILE *out, const struct rows *rows);

/* Each row's values alone, a line a row. */
void table_print_values(FILE *out, const struct rows *rows);

#endif
