/* The event loop: the only place that knows libevent. Level-triggered; the
 * callback of a watch or timer may free it. */
#ifndef SALLYPORT_LOOP_LOOP_H
#define SALLYPORT_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch; /* a descriptor, a timer or a signal */

enum loop_event {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
	LOOP_TIME = 4,
};

typedef void loop_fn(void *arg, int fd_or_signal, unsigned int events);

/* NULL without memory. */
struct loop *loop_new(void);
/* All watches must have been freed. Accepts NULL. */
void loop_free(struct loop *loop);
/* Until loop_stop. 0 or -EIO. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* All return NULL without memory. The descriptor stays the caller's and must
 * stay open until the watch is freed. */
struct loop_watch *loop_watch_fd(
    struct loop *loop, int fd, unsigned int events, loop_fn *fn, void *arg);
struct loop_watch *loop_watch_signal(struct loop *loop, int signal, loop_fn *fn, void *arg);
/* Not running until loop_timer_set. */
struct loop_watch *loop_timer(struct loop *loop, loop_fn *fn, void *arg);
/* Once, after timeout_ms from now; replaces an earlier time. 0 or -EIO. */
int loop_timer_set(struct loop_watch *timer, uint32_t timeout_ms);
void loop_timer_clear(struct loop_watch *timer);
/* Accepts NULL. */
void loop_watch_free(struct loop_watch *watch);

#endif
