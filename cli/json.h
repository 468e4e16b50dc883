/* Rows for programs, and flat objects read. The only place of the CLI that knows
 * jansson. */
#ifndef SALLYPORT_CLI_JSON_H
#define SALLYPORT_CLI_JSON_H

#include "cli/rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An array of objects, an object a row and a line; all values are strings. A text
 * that is not UTF-8 is given in the form of escape.h. 0, -ENOMEM, -EIO. */
int json_print(FILE *out, const struct rows *rows);

/* Reads text[len] as one object, each key once, all values texts, integers or
 * nulls; NULL when it is anything else, or without memory. The caller frees it. */
struct json_flat;
struct json_flat *json_flat_read(const char *text, size_t len);
/* The same, whatever else is in it: only its texts and integers can be asked for. */
struct json_flat *json_some_read(const char *text, size_t len);
void json_flat_free(struct json_flat *flat); /* accepts NULL, as do the next two */
/* The value if it is a text, owned by flat; NULL if not. */
const char *json_flat_text(const struct json_flat *flat, const char *key);
/* Whether the value is an integer; then it is in *number. */
bool json_flat_number(const struct json_flat *flat, const char *key, int64_t *number);

#endif
