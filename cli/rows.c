/* Rows kept in memory until they are printed. */
#include "cli/rows.h"

#include "lib/array.h"
#include "lib/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rows_row *
rows_add(struct rows *rows)
{
	struct rows_row *grown = array_grow(rows->rows, rows->count, sizeof(*grown));

	if (grown == NULL)
		return NULL;
	rows->rows = grown;
	rows->rows[rows->count] = (struct rows_row){0};
	return &rows->rows[rows->count++];
}

int
rows_put(struct rows_row *row, const char *key, const char *value)
{
	struct rows_pair *grown = array_grow(row->pairs, row->count, sizeof(*grown));
	struct rows_pair pair;

	if (grown == NULL)
		return -ENOMEM;
	row->pairs = grown;
	pair = (struct rows_pair){.key = strdup(key), .value = strdup(value)};
	if (pair.key == NULL || pair.value == NULL) {
		free(pair.key);
		free(pair.value);
		return -ENOMEM;
	}
	row->pairs[row->count++] = pair;
	return 0;
}

int
rows_set(struct rows_row *row, const char *key, const char *value)
{
	for (size_t i = 0; i < row->count; i++) {
		char *copy;

		if (strcmp(row->pairs[i].key, key) != 0)
			continue;
		copy = strdup(value);
		if (copy == NULL)
			return -ENOMEM;
		free(row->pairs[i].value);
		row->pairs[i].value = copy;
		return 0;
	}
	return -ENOENT;
}

int
rows_unpack(struct rows *rows, struct wire_in *in)
{
	char key[256], *value = malloc(IO_MESSAGE_MAX);
	struct rows_row *row = rows_add(rows);
	uint16_t n = wire_get_u16(in);
	int err = value == NULL || row == NULL ? -ENOMEM : 0;

	for (uint16_t i = 0; err == 0 && i < n && !in->failed; i++) {
		wire_get_str(in, key, sizeof(key));
		wire_get_str(in, value, IO_MESSAGE_MAX);
		if (!in->failed)
			err = rows_put(row, key, value);
	}
	free(value);
	return err < 0 ? err : wire_end(in);
}

const char *
rows_value(const struct rows_row *row, const char *key)
{
	for (size_t i = 0; i < row->count; i++)
		if (strcmp(row->pairs[i].key, key) == 0)
			return row->pairs[i].value;
	return "";
}

void
rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		for (size_t j = 0; j < rows->rows[i].count; j++) {
			free(rows->rows[i].pairs[j].key);
			free(rows->rows[i].pairs[j].value);
		}
		free(rows->rows[i].pairs);
	}
	free(rows->rows);
	*rows = (struct rows){0};
}
