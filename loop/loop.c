/* libevent, wrapped. */
#include "loop/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

struct loop {
	struct event_base *base;
};

struct loop_watch {
	struct event *event;
	loop_fn *fn;
	void *arg;
};

struct loop *
loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	loop->base = event_base_new();
	if (loop->base != NULL)
		return loop;
	free(loop);
	return NULL;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	event_base_free(loop->base);
	free(loop);
}

int
loop_run(struct loop *loop)
{
	return event_base_dispatch(loop->base) < 0 ? -EIO : 0;
}

void
loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *watch = arg;
	unsigned int events = 0;

	if (what & EV_READ)
		events |= LOOP_READ;
	if (what & EV_WRITE)
		events |= LOOP_WRITE;
	if (what & EV_TIMEOUT)
		events |= LOOP_TIME;
	watch->fn(watch->arg, (int)fd, events);
}

static struct loop_watch *
watch_new(struct loop *loop, int fd, short what, loop_fn *fn, void *arg)
{
	struct loop_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->fn = fn;
	watch->arg = arg;
	watch->event = event_new(loop->base, fd, what, on_event, watch);
	if (watch->event != NULL)
		return watch;
	free(watch);
	return NULL;
}

static struct loop_watch *
watch_started(struct loop_watch *watch)
{
	if (watch == NULL || event_add(watch->event, NULL) == 0)
		return watch;
	loop_watch_free(watch);
	return NULL;
}

struct loop_watch *
loop_watch_fd(struct loop *loop, int fd, unsigned int events, loop_fn *fn, void *arg)
{
	short what = EV_PERSIST;

	if (events & LOOP_READ)
		what |= EV_READ;
	if (events & LOOP_WRITE)
		what |= EV_WRITE;
	return watch_started(watch_new(loop, fd, what, fn, arg));
}

struct loop_watch *
loop_watch_signal(struct loop *loop, int signal, loop_fn *fn, void *arg)
{
	return watch_started(watch_new(loop, signal, EV_SIGNAL | EV_PERSIST, fn, arg));
}

struct loop_watch *
loop_timer(struct loop *loop, loop_fn *fn, void *arg)
{
	return watch_new(loop, -1, 0, fn, arg);
}

int
loop_timer_set(struct loop_watch *timer, uint32_t timeout_ms)
{
	struct timeval tv = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

	return event_add(timer->event, &tv) == 0 ? 0 : -EIO;
}

void
loop_timer_clear(struct loop_watch *timer)
{
	event_del(timer->event);
}

void
loop_watch_free(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->event);
	free(watch);
}
