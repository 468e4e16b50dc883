/* A pair's life: made, told what happened at its ends, ended. Edge-triggered: what is
 * ready is told once, and remembered here until a read finds nothing more. */
#include "relay/pair.h"

#include "lib/io.h"
#include "relay/console.h"
#include "relay/greeting.h"
#include "relay/half.h"
#include "relay/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define TURNS 4 /* reads of one side for one event; then others get theirs */

/* What lies in a client's TCP socket at most; it is sshd's, on this host. By itself the
 * kernel lets it grow to megabytes, which have left the processor's cache when they are
 * read: half the throughput for three times the time. */
#define CLIENT_AHEAD 131072 /* SO_SNDBUF: the kernel takes twice that, with its own */

/* Urgent bytes (EPOLLPRI) end a read before its time, as passed descriptors would; who
 * passes those here waits until he sends more. */
#define EDGES (EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET)

struct pair_side *
half_other(struct pair_side *side)
{
	struct pair *pair = side->pair;

	return side == &pair->side[0] ? &pair->side[1] : &pair->side[0];
}

enum proto_ended
half_ended_by(const struct pair_side *side)
{
	return side == &side->pair->side[0] ? PROTO_ENDED_CLIENT : PROTO_ENDED_VM;
}

void
pair_end(struct pair *pair, enum proto_ended why)
{
	if (pair->has_ended)
		return;
	pair->has_ended = true;
	pair->why = (uint8_t)why;
	for (size_t i = 0; i < 2; i++) {
		struct pair_side *side = &pair->side[i];
		pump_drop(side);
		/* While the supervisor holds a copy, close() neither ends the
		 * connection nor takes it out of epoll. */
		if (side->watched != 0)
			(void)epoll_ctl(pair->epoll, EPOLL_CTL_DEL, side->fd, NULL);
		shutdown(side->fd, SHUT_RDWR);
		io_close(&side->fd);
	}
}

void
pair_free(struct pair *pair)
{
	greeting_drop(pair);
	console_free(pair->console);
	free(pair);
}

void
half_lose(struct pair_side *side)
{
	struct pair_side *from = half_other(side);

	pump_drop(from);
	from->is_done = true;
	if (side->pair->why == PROTO_ENDED_BOTH)
		side->pair->why = (uint8_t)half_ended_by(side);
}

int64_t
pair_deadline_ms(const struct pair *pair)
{
	if (pair->greeting != NULL)
		return pair->greeting->deadline_ms;
	return pair->idle_s == 0 ? INT64_MAX : pair->last_ms + (int64_t)pair->idle_s * 1000;
}

void
pair_late(struct pair *pair)
{
	if (pair->greeting != NULL)
		greeting_late(pair);
	else
		pair_end(pair, PROTO_ENDED_IDLE);
}

static bool
wants_read(const struct pair_side *side)
{
	return !side->is_eof && !side->is_done && !pump_keeps(side);
}

/* While what was read waits for room on the other side, nobody needs to be woken because
 * there is more: to be told anew afterwards brings it. */
static uint32_t
events_of(struct pair_side *side)
{
	const struct greeting *greeting = side->pair->greeting;

	if (greeting != NULL) /* level-triggered: read as little as it needs */
		return greeting_wants_read(greeting) ? EPOLLIN : EPOLLET;
	return (pump_keeps(side) ? EPOLLET : EDGES) |
	       (pump_keeps(half_other(side)) ? EPOLLOUT : 0u);
}

/* Tells epoll what to wait for, where that changed; and where something is left to do
 * without anything new, since to be told anew brings what is there as a new event. */
static int
watch(struct pair_side *side)
{
	struct epoll_event event = {.data.ptr = side};

	if (side->fd < 0)
		return 0;
	event.events = events_of(side);
	if (event.events == side->watched && !side->is_missed)
		return 0;
	if (epoll_ctl(side->pair->epoll, side->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
		side->fd, &event) < 0)
		return -errno;
	side->watched = event.events;
	side->is_missed = false;
	return 0;
}

void
half_settle(struct pair *pair)
{
	if (pair->has_ended)
		return;
	if (pair->side[0].is_done && pair->side[1].is_done)
		pair_end(pair, (enum proto_ended)pair->why);
	else if (watch(&pair->side[0]) < 0 || watch(&pair->side[1]) < 0)
		pair_end(pair, PROTO_ENDED_ERROR);
}

static void
note(struct pair_side *side, uint32_t events)
{
	if (events & (EPOLLHUP | EPOLLERR))
		side->is_hung_up = true;
	if (events & (EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR))
		side->is_careful = true; /* its end may have come with the last bytes */
	if (events & ~(uint32_t)EPOLLOUT)
		side->is_ready = true;
}

static void
read_on(struct pair_side *side, int64_t now_ms)
{
	for (int i = 0; i < TURNS && side->is_ready; i++) {
		if (side->pair->has_ended || !wants_read(side))
			return;
		pump_read(side, now_ms);
	}
	if (side->is_ready && wants_read(side))
		side->is_missed = true;
}

/* It hung up before we shut it, and nothing more is read from it: it is closed, not
 * half-closed. */
static void
see_closed(struct pair_side *side)
{
	if (!side->pair->has_ended && side->is_hung_up && (side->is_eof || side->is_done) &&
	    !half_other(side)->is_done)
		half_lose(side);
}

void
pair_handle(struct pair_side *side, uint32_t events, int64_t now_ms)
{
	struct pair_side *to_here = half_other(side);
	struct pair *pair = side->pair;

	if (pair->has_ended)
		return;
	if (pair->greeting != NULL) {
		greeting_handle(pair, events, now_ms);
		return;
	}
	note(side, events);
	if (pump_keeps(to_here) && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)))
		pump_flush(to_here, now_ms);
	read_on(side, now_ms);
	read_on(to_here, now_ms); /* if it waited for room here */
	see_closed(side);
	see_closed(to_here);
	half_settle(pair);
}

static struct pair *
allocate(int epoll, uint32_t channel, uint32_t idle_s, int64_t now_ms)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (pair == NULL)
		return NULL;
	*pair = (struct pair){.channel = channel,
	    .idle_s = idle_s,
	    .last_ms = now_ms,
	    .epoll = epoll,
	    .why = PROTO_ENDED_BOTH};
	for (size_t i = 0; i < 2; i++)
		pair->side[i] = (struct pair_side){.pair = pair, .fd = -1};
	return pair;
}

struct pair *
pair_new_ended(uint32_t channel)
{
	struct pair *pair = allocate(-1, channel, 0, 0);

	if (pair == NULL)
		return NULL;
	pair->has_ended = true;
	pair->why = PROTO_ENDED_ERROR;
	return pair;
}

/* Nagle's delay would cost a user 40 ms a keystroke. */
static int
prepare_tcp(const struct pair_side *side, int fd)
{
	const int on = 1, ahead = CLIENT_AHEAD;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    (side == &side->pair->side[0] &&
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &ahead, sizeof(ahead)) < 0))
		return -errno;
	return 0;
}

/* The side's own on success. 0, -errno. */
static int
prepare(struct pair_side *side, int fd)
{
	int type = 0, domain = 0, err = 0;
	socklen_t len = sizeof(int);
	bool is_tcp;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return -errno;
	len = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
		return -errno;
	if (type != SOCK_STREAM)
		return -ENOTSOCK;
	is_tcp = domain == AF_INET || domain == AF_INET6;
	if (is_tcp)
		err = prepare_tcp(side, fd);
	/* splice() into or out of a socket knows no other way not to block. */
	if (err == 0 && fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		err = -errno;
	if (err < 0)
		return err;
	side->fd = fd;
	side->is_tcp = is_tcp;
	return 0;
}

/* The caller closes the descriptors, but may hold copies: takes them out. */
static void
give_back(struct pair *pair)
{
	for (size_t i = 0; i < 2; i++)
		if (pair->side[i].watched != 0)
			(void)epoll_ctl(pair->epoll, EPOLL_CTL_DEL, pair->side[i].fd, NULL);
	free(pair);
}

int
pair_new(int epoll, uint32_t channel, uint32_t idle_s, const int fds[2],
    struct console *console, int64_t now_ms, struct pair **pair)
{
	struct pair *p = allocate(epoll, channel, idle_s, now_ms);
	int err = 0;

	if (p == NULL)
		return -ENOMEM;
	for (size_t i = 0; err == 0 && i < 2; i++)
		err = prepare(&p->side[i], fds[i]);
	for (size_t i = 0; err == 0 && i < 2; i++)
		err = watch(&p->side[i]);
	if (err < 0) {
		give_back(p);
		return err;
	}
	p->console = console;
	*pair = p;
	return 0;
}

int
half_new(int epoll, uint32_t channel, int fd, struct greeting *greeting, int64_t now_ms,
    struct pair **pair)
{
	struct pair *p = allocate(epoll, channel, 0, now_ms);
	int err;

	if (p == NULL)
		return -ENOMEM;
	p->greeting = greeting;
	err = prepare(&p->side[0], fd);
	if (err == 0)
		err = watch(&p->side[0]);
	if (err < 0)
		give_back(p);
	else
		*pair = p;
	return err;
}

int
half_complete(struct pair *pair, int fd, const uint8_t *bytes, size_t len, int64_t now_ms)
{
	int err = prepare(&pair->side[1], fd);

	if (err < 0)
		return err;
	greeting_drop(pair);
	pair->last_ms = now_ms;
	pump_say(&pair->side[0], bytes, len, now_ms);
	half_settle(pair);
	return 0;
}
