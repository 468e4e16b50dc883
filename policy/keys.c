/* Key file in memory: strings stay where they were read, numbers of 32 bits and two
 * hash tables beside them, so that a million keys take less than 150 MB. */
#include "policy/keys.h"

#include "lib/array.h"
#include "lib/ascii.h"
#include "lib/proto.h"
#include "policy/hash.h"
#include "policy/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One "user has id", in the file's order. */
struct pair {
	uint32_t user; /* index of users */
	uint32_t id;   /* offset in text */
	uint32_t line;
};

struct reader {
	struct keys *keys;
	struct pair *pairs;
	size_t pair_count;
	struct keys_slot *ids; /* hash table of pairs by id */
	const char *file;
	size_t line;
	struct report *report;
};

#define BAD(r, ...) report_error((r)->report, (r)->file, (r)->line, NULL, __VA_ARGS__)

/* --- tables ---------------------------------------------------------------- */

static struct keys_slot *
user_slot(const struct keys *keys, const char *name, uint32_t *hash)
{
	uint64_t whole = hash_str(name);
	size_t at = (size_t)whole & (keys->index_size - 1);

	*hash = (uint32_t)(whole >> 32);
	while (keys->index[at].number != 0 &&
	       (keys->index[at].hash != *hash ||
		   strcmp(keys->users[keys->index[at].number - 1].name, name) != 0))
		at = (at + 1) & (keys->index_size - 1);
	return &keys->index[at];
}

static struct keys_slot *
id_slot(const struct reader *r, const char *id, uint32_t *hash)
{
	uint64_t whole = hash_str(id);
	size_t at = (size_t)whole & (r->keys->index_size - 1);

	*hash = (uint32_t)(whole >> 32);
	while (r->ids[at].number != 0 &&
	       (r->ids[at].hash != *hash ||
		   strcmp(r->keys->text + r->pairs[r->ids[at].number - 1].id, id) != 0))
		at = (at + 1) & (r->keys->index_size - 1);
	return &r->ids[at];
}

/* Tables that stay at most half full: no file has more users or keys than ':'. */
static int
make_tables(struct reader *r, size_t len)
{
	size_t colons = 0, size = 64;

	for (size_t i = 0; i < len; i++)
		colons += r->keys->text[i] == ':';
	while (size < 2 * (colons + 1))
		size *= 2;
	r->keys->index_size = size;
	r->keys->index = calloc(size, sizeof(*r->keys->index));
	r->ids = calloc(size, sizeof(*r->ids));
	return r->keys->index != NULL && r->ids != NULL ? 0 : -ENOMEM;
}

static int
add_user(struct reader *r, const char *name, uint32_t *user)
{
	struct keys *keys = r->keys;
	uint32_t hash;
	struct keys_slot *slot = user_slot(keys, name, &hash);
	struct keys_user *grown;

	if (slot->number == 0) {
		grown = array_grow(keys->users, keys->user_count, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		keys->users = grown;
		keys->users[keys->user_count++] = (struct keys_user){.name = name};
		*slot = (struct keys_slot){.hash = hash, .number = (uint32_t)keys->user_count};
	}
	*user = slot->number - 1;
	return 0;
}

static int
add_id(struct reader *r, uint32_t user, const char *id)
{
	uint32_t hash;
	struct keys_slot *slot = id_slot(r, id, &hash);
	struct keys_user *owner = &r->keys->users[user];
	struct pair *grown;

	if (slot->number != 0 && r->pairs != NULL) {
		const struct pair *first = &r->pairs[slot->number - 1];
		if (first->user == user)
			report_warning(r->report, r->file, r->line, owner->name,
			    "key %s is there twice, first in line %u", id, first->line);
		else
			report_error(r->report, r->file, r->line, owner->name,
			    "key %s is that of '%s' already, in line %u", id,
			    r->keys->users[first->user].name, first->line);
		return 0;
	}
	if (owner->count == PROTO_KEYS_MAX) {
		report_error(r->report, r->file, r->line, owner->name, "has more than %d keys",
		    PROTO_KEYS_MAX);
		return 0;
	}
	grown = array_grow(r->pairs, r->pair_count, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	r->pairs = grown;
	r->pairs[r->pair_count++] = (struct pair){
	    .user = user, .id = (uint32_t)(id - r->keys->text), .line = (uint32_t)r->line};
	*slot = (struct keys_slot){.hash = hash, .number = (uint32_t)r->pair_count};
	owner->count++;
	return 0;
}

/* --- lines ---------------------------------------------------------------- */

/* Lowers id; static text when it is no public id. */
static const char *
id_fault(char *id)
{
	size_t len = strlen(id);

	for (char *c = id; *c != '\0'; c++)
		*c = ascii_lower(*c);
	if (len == 0)
		return "is empty";
	if (strspn(id, "cbdefghijklnrtuv") != len)
		return "is not modhex (cbdefghijklnrtuv)";
	if (len > PROTO_PUBLIC_ID_MAX || len % 2 != 0)
		return "has not an even number of characters up to 32";
	return NULL;
}

static const char *
user_fault(const char *name)
{
	if (*name == '\0')
		return "is empty";
	if (strlen(name) > PROTO_NAME_MAX)
		return "is too long";
	if (strcmp(name, "*") == 0 || *name == '@' || strpbrk(name, ",/\t") != NULL)
		return "is not the name of one user";
	return NULL;
}

static int
take_line(struct reader *r, char *line)
{
	char *rest = line, *name = text_strip(text_item(&rest, ':')), *id;
	const char *why = user_fault(name);
	uint32_t user;
	int err = 0;

	if (why != NULL) {
		BAD(r, "the user '%s' %s", name, why);
		return 0;
	}
	if (rest == NULL) {
		BAD(r, "the user '%s' has no key: a line is USER:PUBLICID", name);
		return 0;
	}
	err = add_user(r, name, &user);
	while (err == 0 && (id = text_item(&rest, ':')) != NULL) {
		id = text_strip(id);
		why = id_fault(id);
		if (why != NULL)
			report_error(r->report, r->file, r->line, name, "the public id '%s' %s",
			    id, why);
		else
			err = add_id(r, user, id);
	}
	return err;
}

static int
take_lines(struct reader *r)
{
	char *rest = r->keys->text, *line;
	int err = 0;

	while (err == 0 && (line = text_item(&rest, '\n')) != NULL) {
		r->line++;
		line = text_strip(line);
		if (*line != '\0' && *line != '#')
			err = take_line(r, line);
	}
	return err;
}

/* --- the result ------------------------------------------------------------ */

/* Gives each user his part of one array of ids, in the file's order. */
static int
gather(struct reader *r)
{
	struct keys *keys = r->keys;
	size_t at = 0;

	keys->ids = calloc(r->pair_count + 1, sizeof(*keys->ids));
	if (keys->ids == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < keys->user_count; i++) {
		keys->users[i].ids = keys->ids + at;
		at += keys->users[i].count;
		keys->users[i].count = 0;
	}
	for (size_t i = 0; i < r->pair_count; i++) {
		struct keys_user *user = &keys->users[r->pairs[i].user];
		user->ids[user->count++] = keys->text + r->pairs[i].id;
	}
	keys->id_count = r->pair_count;
	return 0;
}

int
keys_parse_take(
    struct keys *keys, const char *file, char *text, size_t len, struct report *report)
{
	struct reader r = {.keys = keys, .file = file, .report = report};
	int err;

	*keys = (struct keys){.text = text};
	err = len < UINT32_MAX ? make_tables(&r, len) : -ENOMEM;
	if (err == 0)
		err = take_lines(&r);
	if (err == 0)
		err = gather(&r);
	free(r.pairs);
	free(r.ids);
	if (err < 0)
		keys_free(keys);
	return err;
}

void
keys_free(struct keys *keys)
{
	free(keys->text);
	free(keys->users);
	free(keys->ids);
	free(keys->index);
	*keys = (struct keys){0};
}

const struct keys_user *
keys_find(const struct keys *keys, const char *user)
{
	const struct keys_slot *slot;
	uint32_t hash;

	if (keys->index == NULL)
		return NULL;
	slot = user_slot(keys, user, &hash);
	return slot->number != 0 ? &keys->users[slot->number - 1] : NULL;
}
