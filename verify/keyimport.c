/* Import: a pass that checks, a pass that writes. */
#include "verify/keyimport.h"

#include "lib/io.h"
#include "lib/secret.h"
#include "verify/keyring_key.h"

#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Kept free in the report for the last words. */
#define LAST_WORDS 600
/* A slice ends after so many entries or milliseconds. */
#define SLICE    64
#define SLICE_MS 3
/* So many keys are named by a dry run. */
#define NAMED 40

/* Where in the file a public id and its secret were met first. */
struct keyimport_met {
	char id[OTP_ID_MAX + 1];
	uint8_t print[CRYPT_PRINT];
	size_t line;
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

#define WRONG(import, entry, ...) say_of(import, entry, &(import)->wrong, __VA_ARGS__)
#define LEAVE(import, entry, ...) say_of(import, entry, &(import)->left_out, __VA_ARGS__)

static void __attribute__((format(printf, 4, 5))) say_of(struct keyimport *import,
    const struct keyfile_entry *entry, size_t *count, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(*count)++;
	say(import, LAST_WORDS, "line %zu: %s\n", entry->line, text);
}

/* --- what was met in this file ------------------------------------------------ */

static int
compare_id(const void *a, const void *b)
{
	const struct keyimport_met *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static int
compare_print(const void *a, const void *b)
{
	const struct keyimport_met *x = a, *y = b;

	return memcmp(x->print, y->print, sizeof(x->print));
}

static void
keep(void *met)
{
	(void)met; /* the trees' nodes point into import->met */
}

/* What the tree has as met, or met itself, newly put in. NULL without memory. */
static const struct keyimport_met *
meet(void **tree, struct keyimport_met *met, int (*compare)(const void *, const void *))
{
	struct keyimport_met *const *found = tsearch(met, tree, compare);

	return found != NULL ? *found : NULL;
}

/* Is it new to this file? 1, 0 and it was said why not, -ENOMEM. */
static int
is_new_here(struct keyimport *import, const struct keyfile_entry *entry,
    const uint8_t print[CRYPT_PRINT])
{
	struct keyimport_met *met = &import->met[import->nmet];
	const struct keyimport_met *by_id, *by_print;

	memcpy(met->id, entry->id, sizeof(met->id));
	memcpy(met->print, print, sizeof(met->print));
	met->line = entry->line;
	by_id = meet(&import->by_id, met, compare_id);
	if (by_id != NULL && by_id != met) {
		WRONG(import, entry, "key %s is on line %zu already", entry->id, by_id->line);
		return 0;
	}
	by_print = meet(&import->by_print, met, compare_print);
	if (by_id == NULL || by_print == NULL)
		return -ENOMEM;
	if (by_print == met) {
		import->nmet++;
		return 1;
	}
	tdelete(met, &import->by_id, compare_id); /* its place is used again */
	WRONG(import, entry, "the AES key of %s is that of %s on line %zu", entry->id,
	    by_print->id, by_print->line);
	return 0;
}

/* --- checking ------------------------------------------------------------------ */

/* The id is in the store. */
static int
check_known(struct keyimport *import, const struct keyfile_entry *entry, const struct row *row)
{
	int same =
	    row->kind == ROW_KIND_API ? 0 : keyring_key_is_same(import->ring, row, &entry->key);

	if (same == -EIO)
		return same;
	if (row->kind == ROW_KIND_API)
		WRONG(import, entry,
		    "key %s is in the store already, as one of a validation service",
		    entry->id);
	else if (same == 0)
		WRONG(import, entry, "key %s is in the store already, with another secret",
		    entry->id);
	else if (same < 0)
		WRONG(
		    import, entry, "key %s is in the store, and its row is broken", entry->id);
	else if (row->state != ROW_ACTIVE)
		LEAVE(import, entry, "key %s is in the store already, and %s: left so",
		    entry->id, row->state == ROW_DISABLED ? "disabled" : "deleted");
	else
		import->known++;
	return 0;
}

static void
name_key(struct keyimport *import, const struct keyfile_entry *entry)
{
	if (!import->is_dry)
		return;
	if (import->keys <= NAMED)
		say(import, LAST_WORDS, "%s%s%s\n", entry->id,
		    entry->note[0] != '\0' ? "  " : "", entry->note);
	else if (import->keys == NAMED + 1)
		say(import, LAST_WORDS, "and more\n");
}

static int
check_key(struct keyimport *import, const struct keyfile_entry *entry)
{
	char holder[OTP_ID_MAX + 1] = "";
	uint8_t print[CRYPT_PRINT];
	struct row row;
	int err, is_new;

	if (import->nmet >= KEYIMPORT_KEYS_MAX) {
		WRONG(import, entry, "more than %d keys", KEYIMPORT_KEYS_MAX);
		import->file.format = KEYFILE_FOREIGN; /* which has no next entry */
		return 0;
	}
	err = keyring_key_print(import->ring, &entry->key, print);
	if (err < 0)
		return err;
	is_new = is_new_here(import, entry, print);
	if (is_new <= 0)
		return is_new;
	err = keyring_find(import->ring, entry->id, &row);
	if (err == 0)
		return check_known(import, entry, &row);
	if (err == -EBADMSG) {
		WRONG(
		    import, entry, "key %s is in the store, and its row is broken", entry->id);
		return 0;
	}
	if (err == -ENOENT)
		err = keyring_key_holder(import->ring, print, holder);
	if (err == 0) {
		WRONG(import, entry, "the AES key of %s is that of %s in the store", entry->id,
		    holder);
	} else if (err == -ENOENT) {
		import->keys++;
		name_key(import, entry);
		err = 0;
	}
	return err;
}

static int
check_counter(struct keyimport *import, const struct keyfile_entry *entry)
{
	struct row row;
	int err = keyring_find(import->ring, entry->id, &row);

	if (err == -EIO)
		return err;
	if (err == -ENOENT)
		LEAVE(import, entry, "key %s is not in the store: left out", entry->id);
	else if (err == -EBADMSG)
		WRONG(
		    import, entry, "key %s is in the store, and its row is broken", entry->id);
	else if (entry->counter > row.counter ||
		 (entry->is_inactive && row.state == ROW_ACTIVE))
		import->counters++;
	else
		import->known++;
	return 0;
}

static int
check_entry(struct keyimport *import, enum keyfile_kind kind, const struct keyfile_entry *entry)
{
	switch (kind) {
	case KEYFILE_KEY:
		return check_key(import, entry);
	case KEYFILE_COUNTER:
		return check_counter(import, entry);
	case KEYFILE_OTHER:
		LEAVE(import, entry, "%s: left out", entry->why);
		return 0;
	case KEYFILE_END:
	case KEYFILE_BAD:
	default:
		WRONG(import, entry, "%s", entry->why);
		return 0;
	}
}

/* --- writing -------------------------------------------------------------------- */

static int
write_counter(struct keyring *ring, const struct keyfile_entry *entry)
{
	struct row row;
	int err = keyring_find(ring, entry->id, &row);

	if (err == 0 && entry->counter > row.counter)
		err = keyring_key_raise(ring, &row, entry->counter);
	if (err == 0 && entry->is_inactive && row.state == ROW_ACTIVE)
		err = keyring_set_state(ring, &row, ROW_DISABLED);
	return err == -EIO ? err : 0;
}

static int
write_entry(struct keyimport *import, enum keyfile_kind kind, const struct keyfile_entry *entry)
{
	int err;

	if (kind == KEYFILE_COUNTER)
		return write_counter(import->ring, entry);
	if (kind != KEYFILE_KEY)
		return 0;
	err = keyring_add(import->ring, entry->id, &entry->key, entry->note, import->now);
	return err == -EEXIST ? 0 : err; /* one that was known */
}

/* --- passes ---------------------------------------------------------------------- */

static void
sum_up(struct keyimport *import)
{
	bool is_dry = import->is_dry;

	if (import->untold > 0)
		say(import, 0, "and %zu more lines like these\n", import->untold);
	if (import->wrong > 0) {
		say(import, 0, "nothing imported: %zu wrong line%s\n", import->wrong,
		    import->wrong == 1 ? "" : "s");
	} else if (import->keys + import->counters + import->known == 0) {
		say(import, 0, "nothing imported: there is no key to take in it\n");
	} else {
		if (import->keys > 0)
			say(import, 0, "%zu key%s %s\n", import->keys,
			    import->keys == 1 ? "" : "s",
			    is_dry ? "would be imported (dry run)" : "imported");
		if (import->counters > 0)
			say(import, 0, "%zu counter%s %s\n", import->counters,
			    import->counters == 1 ? "" : "s",
			    is_dry ? "would be raised (dry run)" : "raised");
		if (import->known > 0)
			say(import, 0, "%zu known already: left as %s\n", import->known,
			    import->known == 1 ? "it is" : "they are");
	}
	import->status =
	    import->wrong > 0 || import->keys + import->counters + import->known == 0;
}

/* One slice. KEYFILE_END in *kind: the pass is at its end. */
static int
slice(struct keyimport *import, enum keyfile_kind *kind)
{
	int64_t until_ms = io_now_ms() + SLICE_MS;
	struct keyfile_entry entry;
	int err = 0;

	for (int i = 0; err == 0 && i < SLICE && io_now_ms() <= until_ms; i++) {
		*kind = keyfile_next(&import->file, &entry);
		if (*kind == KEYFILE_END)
			break;
		err = import->is_writing ? write_entry(import, *kind, &entry)
					 : check_entry(import, *kind, &entry);
		secret_wipe(&entry, sizeof(entry));
	}
	return err;
}

static int
write_slice(struct keyimport *import, enum keyfile_kind *kind)
{
	int err = keyring_begin(import->ring);

	if (err == 0)
		err = slice(import, kind);
	if (err == 0)
		return keyring_commit(import->ring);
	keyring_rollback(import->ring);
	return err;
}

static int
fail(struct keyimport *import, int err)
{
	import->status = 1;
	if (err == -ENOMEM)
		say(import, 0, "nothing imported: no memory\n");
	else
		say(import, 0, "the import stopped: the store failed (see the log)\n");
	return err == -ENOMEM ? 0 : -EIO;
}

int
keyimport_step(struct keyimport *import)
{
	enum keyfile_kind kind = KEYFILE_BAD;
	int err = import->is_writing ? write_slice(import, &kind) : slice(import, &kind);

	if (err < 0)
		return fail(import, err);
	if (kind != KEYFILE_END)
		return -EAGAIN;
	if (!import->is_writing && !import->is_dry && import->wrong == 0 &&
	    import->keys + import->counters > 0) {
		import->is_writing = true;
		keyfile_rewind(&import->file);
		return -EAGAIN;
	}
	sum_up(import);
	return 0;
}

int
keyimport_begin(
    struct keyimport *import, struct keyring *ring, const char *text, size_t len, bool is_dry)
{
	const char *what = NULL;
	time_t now = time(NULL);

	*import = (struct keyimport){.status = 1, .ring = ring, .is_dry = is_dry};
	import->now = now > 0 ? (uint64_t)now : 0;
	if (!keyring_is_sound(ring)) {
		say(import, 0, "nothing imported: the store is broken (see the log)\n");
		return 0;
	}
	if (keyfile_open(&import->file, text, len, &what) == KEYFILE_FOREIGN) {
		say(import, 0, "nothing imported: this looks like %s\n", what);
		return 0;
	}
	/* One more than keys: the last may turn out to be a double. */
	import->met = calloc(KEYIMPORT_KEYS_MAX + 1, sizeof(*import->met));
	if (import->met == NULL) {
		say(import, 0, "nothing imported: no memory\n");
		return 0;
	}
	return -EAGAIN;
}

void
keyimport_end(struct keyimport *import)
{
	tdestroy(import->by_id, keep);
	tdestroy(import->by_print, keep);
	free(import->met);
	import->by_id = import->by_print = NULL;
	import->met = NULL;
}
