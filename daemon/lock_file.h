/* The files of locks: read at start, written by a child process. */
#ifndef SALLYPORT_DAEMON_LOCK_FILE_H
#define SALLYPORT_DAEMON_LOCK_FILE_H

#include "daemon/lock_list.h"
#include "loop/loop.h"

#define LOCK_FILE     "/var/lib/sallyport/locks"
#define LOCK_FILE_RUN "/run/sallyport/locks" /* while the other cannot be written */

/* Fills the empty list from the newer of the two. 0, or -errno and why: then what
 * could be read is in list. */
int lock_file_read(struct lock_list *list, char *why, size_t cap);

struct lock_file_job;
/* error 0: on disk. is_kept: else at least in /run. Never from within. */
typedef void lock_file_fn(void *arg, int error, bool is_kept);

/* Writes a copy of text. With is_broken the file that is there is first put aside
 * as locks.broken. NULL when no process can be started. */
struct lock_file_job *lock_file_write(struct loop *loop, const char *text, size_t len,
    bool is_broken, lock_file_fn *fn, void *arg);
/* fn is not called any more. Accepts NULL. */
void lock_file_cancel(struct lock_file_job *job);

#endif
