/* The list, and its text: a first line, a line a lock, a last line with their
 * number, so that a file that was cut is not taken for a shorter one.
 *
 *   sallyport-locks 1 SEQ
 *   lock TAB user TAB since TAB reason     (or open, or all with the user "*")
 *   end N
 */
#include "daemon/lock_list.h"

#include "lib/array.h"
#include "lib/num.h"
#include "lib/proto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST "sallyport-locks 1 "
#define LAST  "end "

static const char *const kinds[] = {"lock", "open", "all"};

static void
lock_free(struct lock *lock)
{
	free(lock->user);
	free(lock->reason);
}

void
lock_list_free(struct lock_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		lock_free(&list->locks[i]);
	free(list->locks);
	*list = (struct lock_list){0};
}

static bool
is_plain(const char *text, size_t max)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return len <= max;
}

bool
lock_is_user(const char *text)
{
	return *text != '\0' && strcmp(text, LOCK_ALL) != 0 && is_plain(text, PROTO_NAME_MAX);
}

bool
lock_is_reason(const char *text)
{
	return is_plain(text, LOCK_REASON_MAX);
}

static struct lock *
find(const struct lock_list *list, const char *user)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->locks[i].user, user) == 0)
			return &list->locks[i];
	return NULL;
}

const struct lock *
lock_list_find(const struct lock_list *list, const char *user)
{
	const struct lock *own = find(list, user);

	if (own == NULL)
		return find(list, LOCK_ALL);
	return own->kind == LOCK_OPEN ? NULL : own;
}

static int
put(struct lock_list *list, enum lock_kind kind, const char *user, time_t since,
    const char *reason)
{
	struct lock lock = {
	    .kind = kind, .user = strdup(user), .since = since, .reason = strdup(reason)};
	struct lock *old = find(list, user), *grown;

	if (lock.user == NULL || lock.reason == NULL)
		goto no_memory;
	if (old != NULL) {
		lock_free(old);
		*old = lock;
		return 0;
	}
	grown = array_grow(list->locks, list->count, sizeof(*grown));
	if (grown == NULL)
		goto no_memory;
	list->locks = grown;
	list->locks[list->count++] = lock;
	return 0;
no_memory:
	lock_free(&lock);
	return -ENOMEM;
}

static void
take(struct lock_list *list, struct lock *lock)
{
	if (lock == NULL)
		return;
	lock_free(lock);
	*lock = list->locks[--list->count];
}

static void
take_open(struct lock_list *list)
{
	for (size_t i = list->count; i-- > 0;)
		if (list->locks[i].kind == LOCK_OPEN)
			take(list, &list->locks[i]);
}

int
lock_list_set(
    struct lock_list *list, const char *user, bool is_locked, time_t since, const char *reason)
{
	bool is_all = strcmp(user, LOCK_ALL) == 0;
	int err = 0;

	if (is_locked)
		err = put(list, is_all ? LOCK_EVERYBODY : LOCK_USER, user, since, reason);
	else if (!is_all && find(list, LOCK_ALL) != NULL)
		err = put(list, LOCK_OPEN, user, since, "");
	else
		take(list, find(list, user));
	if (err < 0)
		return err;
	if (is_all)
		take_open(list);
	list->seq++;
	return 0;
}

char *
lock_list_format(const struct lock_list *list, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	bool failed;

	if (out == NULL)
		return NULL;
	fprintf(out, FIRST "%" PRIu64 "\n", list->seq);
	for (size_t i = 0; i < list->count; i++) {
		const struct lock *lock = &list->locks[i];
		fprintf(out, "%s\t%s\t%lld\t%s\n", kinds[lock->kind], lock->user,
		    (long long)lock->since, lock->reason);
	}
	fprintf(out, LAST "%zu\n", list->count);
	failed = ferror(out) != 0;
	if (fclose(out) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

/* --- reading ---------------------------------------------------------------- */

/* Cuts the next of the line's fields off; NULL when there is none. */
static char *
field(char **rest)
{
	char *at = *rest, *tab = at != NULL ? strchr(at, '\t') : NULL;

	*rest = tab != NULL ? tab + 1 : NULL;
	if (tab != NULL)
		*tab = '\0';
	return at;
}

static int
read_lock(struct lock_list *list, char *line)
{
	char *rest = line, *kind = field(&rest), *user = field(&rest), *since = field(&rest);
	char *reason = rest;
	bool is_all;
	uint64_t at;
	size_t k = 0;

	while (k < 3 && strcmp(kind, kinds[k]) != 0)
		k++;
	if (k == 3 || user == NULL || since == NULL || reason == NULL)
		return -EINVAL;
	is_all = k == LOCK_EVERYBODY;
	if ((is_all ? strcmp(user, LOCK_ALL) != 0 : !lock_is_user(user)) ||
	    !lock_is_reason(reason) || num_parse(since, 0, INT64_MAX, &at) < 0 ||
	    find(list, user) != NULL)
		return -EINVAL;
	return put(list, (enum lock_kind)k, user, (time_t)at, reason);
}

/* What is wrong with a line; NULL: nothing. */
static const char *
read_line(struct lock_list *list, char *line, size_t number, bool *is_last)
{
	uint64_t count;

	if (number == 1)
		return strncmp(line, FIRST, strlen(FIRST)) == 0 &&
			       num_parse(line + strlen(FIRST), 0, UINT64_MAX, &list->seq) == 0
			   ? NULL
			   : "not the beginning of a file of locks";
	if (strncmp(line, LAST, strlen(LAST)) == 0) {
		*is_last = true;
		return num_parse(line + strlen(LAST), 0, SIZE_MAX, &count) == 0 &&
			       count == list->count
			   ? NULL
			   : "not as many locks as there should be";
	}
	return read_lock(list, line) == 0 ? NULL : "not a lock";
}

int
lock_list_parse(const char *text, size_t len, struct lock_list *list, char *why, size_t cap)
{
	char *copy = malloc(len + 1), *at = copy;
	const char *wrong = NULL, *fault = NULL;
	bool is_last = false;
	size_t number = 0, bad = 0;

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len)
		fault = "holds a NUL";
	while (fault == NULL && *at != '\0') {
		char *end = strchr(at, '\n');
		if (end == NULL || is_last) {
			fault = is_last ? "goes on behind its end" : "a line is cut";
			break;
		}
		*end = '\0';
		number++;
		wrong = read_line(list, at, number, &is_last);
		if (wrong != NULL && bad == 0) {
			snprintf(why, cap, "line %zu: %s", number, wrong);
			bad = number;
		}
		at = end + 1;
	}
	if (fault == NULL && !is_last)
		fault = "its end is missing";
	if (fault != NULL && bad == 0)
		snprintf(why, cap, "%s", fault);
	free(copy);
	return fault != NULL || bad != 0 ? -EINVAL : 0;
}
