/* The list of locks, kept on disk. */
#include "daemon/locks.h"

#include "daemon/lock_file.h"
#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define RETRY_MS 5000

/* Who waits for a change to be written. */
struct waiter {
	STAILQ_ENTRY(waiter) link;
	uint64_t seq;
	locks_saved_fn *fn;
	void *arg;
};

struct locks {
	struct gateway *gw;
	struct lock_list list;
	char trouble[200]; /* "" none */
	bool is_broken;    /* what is on disk cannot be read: to be kept for the admin */
	struct lock_file_job *job;
	bool has_failed;  /* no job could be started */
	uint64_t writing; /* seq of what the job writes */
	uint64_t written; /* the highest on disk */
	int64_t tried_ms;
	STAILQ_HEAD(, waiter) waiters; /* by seq */
};

static int
load(struct locks *locks)
{
	char why[LOCK_REASON_MAX - 40];
	int err = lock_file_read(&locks->list, why, sizeof(why));

	locks->written = locks->list.seq;
	if (err >= 0)
		return 0;
	locks->is_broken = true;
	snprintf(
	    locks->trouble, sizeof(locks->trouble), "the file of locks is broken: %s", why);
	log_error(LOCK_FILE ": %s: everybody counts as locked", why);
	return lock_list_set(&locks->list, LOCK_ALL, true, time(NULL), locks->trouble);
}

struct locks *
locks_new(struct gateway *gw)
{
	struct locks *locks = calloc(1, sizeof(*locks));

	if (locks == NULL)
		return NULL;
	locks->gw = gw;
	STAILQ_INIT(&locks->waiters);
	if (load(locks) < 0) {
		locks_free(locks);
		return NULL; /* it could not be said that all are locked */
	}
	return locks;
}

static void
tell(struct locks *locks, uint64_t seq, int error, bool is_kept)
{
	struct waiter *w;

	while ((w = STAILQ_FIRST(&locks->waiters)) != NULL && w->seq <= seq) {
		STAILQ_REMOVE_HEAD(&locks->waiters, link);
		w->fn(w->arg, error, is_kept);
		free(w);
	}
}

void
locks_free(struct locks *locks)
{
	if (locks == NULL)
		return;
	lock_file_cancel(locks->job);
	tell(locks, UINT64_MAX, -ECANCELED, false);
	lock_list_free(&locks->list);
	free(locks);
}

const struct lock *
locks_find(const struct locks *locks, const char *user)
{
	return lock_list_find(&locks->list, user);
}

const struct lock_list *
locks_list(const struct locks *locks)
{
	return &locks->list;
}

const char *
locks_trouble(const struct locks *locks)
{
	return locks->trouble[0] != '\0' ? locks->trouble : NULL;
}

static void
save(struct locks *locks);

static void
on_written(void *arg, int error, bool is_kept)
{
	struct locks *locks = arg;

	locks->job = NULL;
	if (error == 0) {
		locks->written = locks->writing;
		locks->is_broken = false;
		locks->trouble[0] = '\0';
	} else {
		snprintf(locks->trouble, sizeof(locks->trouble),
		    "the locks cannot be written: %s%s", strerror(-error),
		    is_kept ? " (kept until the next boot)" : "");
		log_error(LOCK_FILE ": %s", locks->trouble);
	}
	tell(locks, locks->writing, error, is_kept);
	if (locks->writing < locks->list.seq)
		save(locks);
}

static void
save(struct locks *locks)
{
	size_t len;
	char *text;

	if (locks->job != NULL)
		return; /* on_written goes on */
	locks->tried_ms = io_now_ms();
	locks->writing = locks->list.seq;
	text = lock_list_format(&locks->list, &len);
	if (text != NULL)
		locks->job = lock_file_write(
		    locks->gw->loop, text, len, locks->is_broken, on_written, locks);
	free(text);
	locks->has_failed = locks->job == NULL; /* said by locks_sweep: not from within */
}

int
locks_set(struct locks *locks, const char *user, bool is_locked, const char *reason,
    locks_saved_fn *fn, void *arg)
{
	struct waiter *w = calloc(1, sizeof(*w));
	int err = w == NULL ? -ENOMEM
			    : lock_list_set(&locks->list, user, is_locked, time(NULL), reason);

	if (err < 0) {
		free(w);
		return err;
	}
	*w = (struct waiter){.seq = locks->list.seq, .fn = fn, .arg = arg};
	STAILQ_INSERT_TAIL(&locks->waiters, w, link);
	save(locks);
	return 0;
}

void
locks_sweep(struct locks *locks)
{
	if (locks->has_failed) {
		locks->has_failed = false;
		tell(locks, locks->writing, -ENOMEM, false);
	}
	if (locks->written < locks->list.seq && !locks->is_broken && locks->job == NULL &&
	    io_now_ms() - locks->tried_ms >= RETRY_MS)
		save(locks);
}
