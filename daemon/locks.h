/* The users that are kept out whatever they are granted. A change counts at once;
 * it is written by a process of its own, so that no disk is waited for: to
 * /var/lib/sallyport/locks, and where that cannot be to /run. With a file that
 * cannot be read everybody counts as locked. */
#ifndef SALLYPORT_DAEMON_LOCKS_H
#define SALLYPORT_DAEMON_LOCKS_H

#include "daemon/gateway.h"
#include "daemon/lock_list.h"

/* Reads the files. NULL without memory. */
struct locks *locks_new(struct gateway *gw);
void locks_free(struct locks *locks);

/* What keeps user out; NULL: nothing does. */
const struct lock *locks_find(const struct locks *locks, const char *user);
const struct lock_list *locks_list(const struct locks *locks);
/* What is wrong with the file; NULL: nothing. */
const char *locks_trouble(const struct locks *locks);

/* error 0: on disk. is_kept: else at least until the next boot. */
typedef void locks_saved_fn(void *arg, int error, bool is_kept);

/* Locks or unlocks user, or LOCK_ALL. 0, and fn is called later, once, when it has
 * been written or could not be; -ENOMEM, and nothing has changed. */
int locks_set(struct locks *locks, const char *user, bool is_locked, const char *reason,
    locks_saved_fn *fn, void *arg);

/* Now and then: tries again what could not be written. */
void locks_sweep(struct locks *locks);

#endif
