/* The log, read for counters. */
#include "cli/recovered.h"

#include "cli/audit_line.h"
#include "cli/cli.h"
#include "cli/keyline.h"
#include "lib/array.h"
#include "lib/proto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CODE "code "

struct recovered_key {
	char id[PROTO_PUBLIC_ID_MAX + 1];
	uint32_t counter;
};

static int
take_key(struct recovered *r, const char *id, uint32_t counter)
{
	struct recovered_key *grown;

	for (size_t i = 0; i < r->key_count; i++) {
		if (strcmp(r->keys[i].id, id) != 0)
			continue;
		if (counter > r->keys[i].counter)
			r->keys[i].counter = counter;
		return 0;
	}
	grown = array_grow(r->keys, r->key_count, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	r->keys = grown;
	grown[r->key_count].counter = counter;
	snprintf(grown[r->key_count++].id, sizeof(grown->id), "%s", id);
	return 0;
}

static int
take_user(struct recovered *r, const char *user)
{
	char **grown;

	for (size_t i = 0; i < r->user_count; i++)
		if (strcmp(r->users[i], user) == 0)
			return 0;
	grown = array_grow(r->users, r->user_count, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	r->users = grown;
	grown[r->user_count] = strdup(user);
	return grown[r->user_count] != NULL ? (r->user_count++, 0) : -ENOMEM;
}

static int
take_record(struct recovered *r, const struct audit_record *record)
{
	const struct audit_value *seq = &record->field[AUDIT_STORE_SEQ];
	const struct audit_value *counter = &record->field[AUDIT_COUNTER];
	const char *key = record->field[AUDIT_KEY].text;
	const char *user = record->field[AUDIT_USER].text;

	if (!seq->is_number || seq->number <= 0 || (uint64_t)seq->number <= r->above ||
	    (uint64_t)seq->number > r->upto || key == NULL)
		return 0;
	r->seen++;
	if (strncmp(key, CODE, strlen(CODE)) == 0)
		return user != NULL ? take_user(r, user) : 0;
	if (!keyline_is_public_id(key) || !counter->is_number || counter->number <= 0 ||
	    counter->number > 0x7fffff)
		return 0;
	return take_key(r, key, (uint32_t)counter->number);
}

int
recovered_read(struct recovered *recovered, const char *path)
{
	struct audit_lines lines = {.fd = -1};
	struct audit_record record;
	const char *line;
	size_t len, bad = 0;
	int err = audit_line_open(&lines, path), more = 0, end;

	while (err == 0 && (more = audit_line_next(&lines, &line, &len)) == 1) {
		if (audit_line_parse(line, len, &record) < 0) {
			bad++;
			continue;
		}
		err = take_record(recovered, &record);
		audit_line_free(&record);
	}
	if (err == 0 && more < 0)
		err = more;
	end = audit_line_close(&lines);
	if (err == 0)
		err = end;
	if (err < 0)
		return cli_fail(CLI_USAGE, "%s: %s", path, strerror(-err));
	if (bad > 0)
		cli_fail(CLI_FINDING,
		    "%s: %zu lines are no records (see: sallyport audit verify)", path, bad);
	return 0;
}

int
recovered_seal(const struct recovered *recovered, struct sealed *sealed)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	*sealed = SEALED_NONE;
	if (out == NULL)
		return -errno;
	for (size_t i = 0; i < recovered->key_count; i++)
		fprintf(out, "1,0,0,%s,%u,%u,0,0,,\n", recovered->keys[i].id,
		    recovered->keys[i].counter >> 8, recovered->keys[i].counter & 0xff);
	err = fclose(out) == 0 ? sealed_from(sealed, text, len) : -ENOMEM;
	free(text);
	return err;
}

void
recovered_free(struct recovered *recovered)
{
	for (size_t i = 0; i < recovered->user_count; i++)
		free(recovered->users[i]);
	free(recovered->users);
	free(recovered->keys);
	*recovered = (struct recovered){0};
}
