/* One question to the relay at a time, for all who wait. */
#include "daemon/counts.h"

#include "daemon/channels.h"
#include "lib/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#define ANSWER_MS 500
/* So often nobody is told in time: it hangs. A machine that stood still is one time. */
#define MISSED 4

struct waiter {
	STAILQ_ENTRY(waiter) link;
	void (*fn)(void *arg);
	void *arg;
};

struct counts {
	struct gateway *gw;
	struct loop_watch *timer; /* while an answer is awaited */
	bool is_asked;            /* an answer is due */
	unsigned int missed;      /* how often it was waited for in vain */
	STAILQ_HEAD(, waiter) waiters;
};

static void
tell_all(struct counts *counts)
{
	STAILQ_HEAD(, waiter) now = STAILQ_HEAD_INITIALIZER(now);
	struct waiter *waiter;

	STAILQ_CONCAT(&now, &counts->waiters); /* one who is told may ask again */
	while ((waiter = STAILQ_FIRST(&now)) != NULL) {
		STAILQ_REMOVE_HEAD(&now, link);
		waiter->fn(waiter->arg);
		free(waiter);
	}
}

/* Nobody waits longer; the relay may still answer. */
static void
on_timer(void *arg, int fd, unsigned int events)
{
	struct counts *counts = arg;
	bool is_missed = counts->is_asked && ++counts->missed >= MISSED;

	(void)fd;
	(void)events;
	if (counts->is_asked && !is_missed)
		(void)loop_timer_set(counts->timer, ANSWER_MS);
	tell_all(counts);
	if (is_missed)
		servant_give_up(counts->gw->relay, "it did not count in time");
}

struct counts *
counts_new(struct gateway *gw)
{
	struct counts *counts = calloc(1, sizeof(*counts));

	if (counts == NULL)
		return NULL;
	counts->gw = gw;
	STAILQ_INIT(&counts->waiters);
	counts->timer = loop_timer(gw->loop, on_timer, counts);
	if (counts->timer == NULL) {
		free(counts);
		return NULL;
	}
	return counts;
}

void
counts_free(struct counts *counts)
{
	struct waiter *waiter;

	if (counts == NULL)
		return;
	while ((waiter = STAILQ_FIRST(&counts->waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&counts->waiters, link);
		free(waiter);
	}
	loop_watch_free(counts->timer);
	free(counts);
}

int
counts_ask(struct counts *counts, void (*fn)(void *arg), void *arg)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));
	bool is_first = STAILQ_EMPTY(&counts->waiters);
	uint32_t wait_ms = ANSWER_MS;

	if (waiter == NULL)
		return -ENOMEM;
	*waiter = (struct waiter){.fn = fn, .arg = arg};
	STAILQ_INSERT_TAIL(&counts->waiters, waiter, link);
	if (!is_first)
		return 0; /* the answer that is on its way is fresh enough */
	if (!counts->is_asked) {
		(void)servant_begin(counts->gw->relay, PROTO_RELAY_COUNT);
		if (servant_tell(counts->gw->relay, NULL, 0) < 0)
			wait_ms = 0;
		else
			counts->is_asked = true;
		counts->missed = 0;
		(void)loop_timer_set(counts->timer, wait_ms);
	}
	return 0;
}

void
counts_on_down(struct counts *counts)
{
	counts->is_asked = false;
}

void
counts_on_notice(struct gateway *gw, struct wire_in *in)
{
	bool is_last = wire_get_u8(in) != 0;
	uint16_t n = wire_get_u16(in);

	for (uint16_t i = 0; i < n && !in->failed; i++) {
		struct channel *ch = channels_by_id(gw->channels, wire_get_u32(in));
		uint64_t up = wire_get_u64(in), down = wire_get_u64(in);

		if (ch == NULL || in->failed)
			continue;
		ch->up = up;
		ch->down = down;
	}
	if (wire_end(in) < 0) {
		log_error("the relay sent counts that cannot be read");
	} else if (is_last) {
		gw->counts->is_asked = false;
		loop_timer_clear(gw->counts->timer);
		tell_all(gw->counts);
	}
}
