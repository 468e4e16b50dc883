/* The daemon's answer: rows of keys and values, in memory. */
#ifndef SALLYPORT_CLI_ROWS_H
#define SALLYPORT_CLI_ROWS_H

#include "lib/wire.h"

#include <stddef.h>

struct rows_pair {
	char *key, *value;
};

struct rows_row {
	struct rows_pair *pairs;
	size_t count;
};

struct rows {
	struct rows_row *rows; /* owned, with all below */
	size_t count;
};

/* Appends an empty row; NULL when there is no memory. Valid until the next one. */
struct rows_row *rows_add(struct rows *rows);
/* Appends copies to a row. 0, -ENOMEM. */
int rows_put(struct rows_row *row, const char *key, const char *value);
/* Another value for a key that it has. 0, -ENOMEM, -ENOENT. */
int rows_set(struct rows_row *row, const char *key, const char *value);

/* Reads the fields of PROTO_ADMIN_ROW into a new row. 0, -EBADMSG, -ENOMEM. */
int rows_unpack(struct rows *rows, struct wire_in *in);

/* The value of key in row, "" when it has none. */
const char *rows_value(const struct rows_row *row, const char *key);

/* Accepts empty rows; *rows is empty afterwards. */
void rows_free(struct rows *rows);

#endif
