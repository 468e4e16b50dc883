/* jansson, wrapped. */
#include "cli/json.h"

#include "lib/escape.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *
text_value(const char *text)
{
	json_t *value = json_string(text);
	size_t cap = 4 * strlen(text) + 4;
	char *escaped;

	if (value != NULL)
		return value;
	escaped = malloc(cap);
	if (escaped == NULL)
		return NULL;
	value = json_string(escape_str(escaped, cap, text));
	free(escaped);
	return value;
}

static int
print_row(FILE *out, const struct rows_row *row)
{
	json_t *object = json_object();
	int err = object == NULL ? -ENOMEM : 0;

	/* json_object_set_new takes the value, and refuses NULL and foreign keys. */
	for (size_t i = 0; err == 0 && i < row->count; i++)
		if (json_object_set_new(
			object, row->pairs[i].key, text_value(row->pairs[i].value)) < 0)
			err = -ENOMEM;
	if (err == 0 && json_dumpf(object, out, JSON_PRESERVE_ORDER) < 0)
		err = -EIO;
	json_decref(object);
	return err;
}

int
json_print(FILE *out, const struct rows *rows)
{
	int err = 0;

	fputc('[', out);
	for (size_t i = 0; err == 0 && i < rows->count; i++) {
		fputs(i > 0 ? ",\n " : "\n ", out);
		err = print_row(out, &rows->rows[i]);
	}
	fputs(rows->count > 0 ? "\n]\n" : "]\n", out);
	return err == 0 && ferror(out) ? -EIO : err;
}

/* struct json_flat is jansson's object under another name. */
static json_t *
object_of(const struct json_flat *flat)
{
	return (json_t *)(uintptr_t)flat;
}

struct json_flat *
json_flat_read(const char *text, size_t len)
{
	json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL), *value;
	const char *key;
	bool is_flat = json_is_object(object);

	json_object_foreach(object, key, value) is_flat =
	    is_flat && (json_is_string(value) || json_is_integer(value) || json_is_null(value));
	if (is_flat)
		return (struct json_flat *)object;
	json_decref(object);
	return NULL;
}

struct json_flat *
json_some_read(const char *text, size_t len)
{
	json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(object))
		return (struct json_flat *)object;
	json_decref(object);
	return NULL;
}

void
json_flat_free(struct json_flat *flat)
{
	json_decref(object_of(flat));
}

const char *
json_flat_text(const struct json_flat *flat, const char *key)
{
	return json_string_value(json_object_get(object_of(flat), key));
}

bool
json_flat_number(const struct json_flat *flat, const char *key, int64_t *number)
{
	const json_t *value = json_object_get(object_of(flat), key);

	if (!json_is_integer(value))
		return false;
	*number = json_integer_value(value);
	return true;
}
