/* Who is locked out, in memory and as the text of /var/lib/sallyport/locks. Pure.
 * All may be locked, but for those who are expressly open. */
#ifndef SALLYPORT_DAEMON_LOCK_LIST_H
#define SALLYPORT_DAEMON_LOCK_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define LOCK_REASON_MAX 200 /* bytes without the final NUL */
#define LOCK_TEXT_MAX   (16 * 1024 * 1024)
#define LOCK_ALL        "*" /* no user's name */

enum lock_kind {
	LOCK_USER = 0,
	LOCK_OPEN, /* of a user, while all are locked */
	LOCK_EVERYBODY,
};

struct lock {
	enum lock_kind kind;
	char *user;
	time_t since;
	char *reason; /* "" none */
};

struct lock_list {
	uint64_t seq; /* +1 at each change: of two files the newer */
	struct lock *locks;
	size_t count;
};

void lock_list_free(struct lock_list *list);

/* Can it stand in the file? No control characters, and not too long. */
bool lock_is_user(const char *text);
bool lock_is_reason(const char *text);

/* The lock that keeps user out; NULL when none does. */
const struct lock *lock_list_find(const struct lock_list *list, const char *user);
/* Adds, replaces or, with is_locked false, takes away; user may be LOCK_ALL. 0,
 * -ENOMEM and nothing changed. */
int lock_list_set(struct lock_list *list, const char *user, bool is_locked, time_t since,
    const char *reason);

/* A fresh text; the caller frees it. NULL without memory. */
char *lock_list_format(const struct lock_list *list, size_t *len);
/* Reads all of it or says why not, as "line 3: …", in why[cap]; then list holds the
 * locks of the lines that could be read. 0, -EINVAL, -ENOMEM. list must be empty. */
int lock_list_parse(
    const char *text, size_t len, struct lock_list *list, char *why, size_t cap);

#endif
