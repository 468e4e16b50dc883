/* Import of key lines, in one transaction. */
#include "verify/keyimport.h"

#include "lib/secret.h"
#include "verify/keyfile.h"

#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Kept free in the report for the last words. */
#define LAST_WORDS 400

/* Where in the file a public id was met first. */
struct met {
	char id[OTP_ID_MAX + 1];
	size_t line;
};

struct run {
	struct keyring *ring;
	struct keyimport *import;
	enum keyfile_format format;
	uint64_t now;
	struct met *met; /* one for each key so far; owned */
	void *tree;      /* of them, by id (tsearch) */
};

static void __attribute__((format(printf, 3, 4)))
say(struct keyimport *import, size_t keep_free, const char *format, ...)
{
	size_t room = sizeof(import->report) - import->len;
	va_list args;
	int n;

	va_start(args, format);
	n = room > keep_free
		? vsnprintf(import->report + import->len, room - keep_free, format, args)
		: -1;
	va_end(args);
	if (n >= 0 && (size_t)n < room - keep_free)
		import->len += (size_t)n;
	else
		import->untold++;
	import->report[import->len] = '\0';
}

static void
say_wrong(struct keyimport *import, size_t line, const char *why)
{
	import->wrong++;
	say(import, LAST_WORDS, "line %zu: %s\n", line, why);
}

static int
compare(const void *a, const void *b)
{
	const struct met *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static void
keep(void *met)
{
	(void)met; /* the tree's nodes point into run->met */
}

/* Says where the public id is already: in this file or in the store. */
static void
say_taken(struct run *run, size_t line, const struct keyfile_key *key)
{
	struct met wanted = {.line = 0};
	struct met *const *found;

	memcpy(wanted.id, key->id, sizeof(wanted.id));
	found = tfind(&wanted, &run->tree, compare);
	run->import->wrong++;
	if (found != NULL)
		say(run->import, LAST_WORDS, "line %zu: key %s is on line %zu already\n", line,
		    key->id, (*found)->line);
	else
		say(run->import, LAST_WORDS,
		    "line %zu: key %s is in the store already (it may be disabled)\n", line,
		    key->id);
}

static int
add(struct run *run, size_t line, const struct keyfile_key *key)
{
	struct keyimport *import = run->import;
	int err = keyring_add(run->ring, key->id, &key->key, key->note, run->now);

	if (err == -EEXIST) {
		say_taken(run, line, key);
		return 0;
	}
	if (err == -ENOTUNIQ) {
		say_wrong(import, line,
		    "the AES key is that of another public id, in this file or in the store");
		return 0;
	}
	if (err < 0)
		return -EIO;
	struct met *met = &run->met[import->keys++];
	memcpy(met->id, key->id, sizeof(met->id));
	met->line = line;
	return tsearch(met, &run->tree, compare) != NULL ? 0 : -EIO;
}

static int
take_line(struct run *run, size_t line, const char *text, size_t len)
{
	struct keyfile_key key;
	const char *why = NULL;
	int err = 0;

	switch (keyfile_read(run->format, text, len, &key, &why)) {
	case KEYFILE_KEY:
		err = add(run, line, &key);
		break;
	case KEYFILE_OTHER:
		run->import->left_out++;
		say(run->import, LAST_WORDS, "line %zu: %s: left out\n", line, why);
		break;
	case KEYFILE_EMPTY:
		break;
	case KEYFILE_BAD:
	default:
		say_wrong(run->import, line, why);
	}
	secret_wipe(&key, sizeof(key));
	return err;
}

static int
take_lines(struct run *run, const char *text, size_t len)
{
	size_t line = 0;
	int err = 0;

	while (err == 0 && len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end != NULL ? (size_t)(end - text) : len;

		err = take_line(run, ++line, text, n);
		if (end != NULL)
			n++;
		text += n;
		len -= n;
	}
	return err;
}

static size_t
count_lines(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n + (len > 0 && text[len - 1] != '\n');
}

static void
sum_up(struct keyimport *import, bool is_dry)
{
	if (import->untold > 0)
		say(import, 0, "and %zu more lines like these\n", import->untold);
	if (import->wrong > 0)
		say(import, 0, "nothing imported: %zu wrong line%s\n", import->wrong,
		    import->wrong == 1 ? "" : "s");
	else if (import->keys == 0)
		say(import, 0, "nothing imported: there is no key in it\n");
	else
		say(import, 0, "%zu key%s %s\n", import->keys, import->keys == 1 ? "" : "s",
		    is_dry ? "would be imported (dry run)" : "imported");
	import->status = import->wrong > 0 || import->keys == 0;
}

static int
run_all(struct run *run, const char *text, size_t len, bool is_dry)
{
	struct keyimport *import = run->import;
	int err = keyring_begin(run->ring);

	if (err == 0)
		err = take_lines(run, text, len);
	if (err == 0 && import->wrong == 0 && import->keys > 0 && !is_dry)
		err = keyring_commit(run->ring);
	else
		keyring_rollback(run->ring);
	if (err == 0)
		sum_up(import, is_dry);
	else
		say(import, 0, "nothing imported: the store failed (see the log)\n");
	return err;
}

int
keyimport_run(
    struct keyring *ring, const char *text, size_t len, bool is_dry, struct keyimport *import)
{
	struct run run = {.ring = ring, .import = import};
	const char *what = NULL;
	size_t lines = count_lines(text, len);
	time_t now = time(NULL);
	int err = 0;

	*import = (struct keyimport){.status = 1};
	run.now = now > 0 ? (uint64_t)now : 0;
	run.format = keyfile_detect(text, len, &what);
	if (!keyring_is_sound(ring)) {
		say(import, 0, "nothing imported: the store is broken (see the log)\n");
	} else if (run.format == KEYFILE_FOREIGN) {
		say(import, 0, "nothing imported: this looks like %s\n", what);
	} else if (lines > KEYIMPORT_LINES_MAX) {
		say(import, 0, "nothing imported: more than %d lines\n", KEYIMPORT_LINES_MAX);
	} else {
		run.met = calloc(lines + 1, sizeof(*run.met));
		if (run.met == NULL)
			say(import, 0, "nothing imported: no memory\n");
		else
			err = run_all(&run, text, len, is_dry);
	}
	tdestroy(run.tree, keep);
	free(run.met);
	return err;
}
