/* The byte pump: level-triggered, one read an event, straight on to the other
 * side; what that does not take at once is kept until it does. */
#include "relay/pair.h"

#include "lib/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define PAIR_UNWATCHED UINT32_MAX

static uint8_t scratch[RELAY_CHUNK]; /* empty between two events */

static struct pair_side *
other(struct pair_side *side)
{
	struct pair *pair = side->pair;

	return side == &pair->side[0] ? &pair->side[1] : &pair->side[0];
}

static enum proto_ended
ended_by(const struct pair_side *side)
{
	return side == &side->pair->side[0] ? PROTO_ENDED_CLIENT : PROTO_ENDED_VM;
}

static void
drop_pending(struct pair_side *side)
{
	free(side->pending);
	side->pending = NULL;
	side->at = side->len = 0;
}

void
pair_end(struct pair *pair, enum proto_ended why)
{
	if (pair->has_ended)
		return;
	pair->has_ended = true;
	pair->why = why;
	for (size_t i = 0; i < 2; i++) {
		struct pair_side *side = &pair->side[i];
		drop_pending(side);
		/* While the supervisor holds a copy, close() neither ends the
		 * connection nor takes it out of epoll. */
		if (side->watched != PAIR_UNWATCHED)
			(void)epoll_ctl(pair->epoll, EPOLL_CTL_DEL, side->fd, NULL);
		shutdown(side->fd, SHUT_RDWR);
		io_close(&side->fd);
	}
}

void
pair_free(struct pair *pair)
{
	free(pair);
}

/* Nobody takes bytes at this side any more. What came from it still goes on. */
static void
lose(struct pair_side *side)
{
	struct pair_side *from = other(side);

	drop_pending(from);
	from->is_done = true;
	if (side->pair->why == PROTO_ENDED_BOTH)
		side->pair->why = ended_by(side);
}

/* The half-close goes on to the other side once all bytes did. */
static void
finish(struct pair_side *from)
{
	if (!from->is_eof || from->is_done || from->pending != NULL)
		return;
	from->is_done = true;
	shutdown(other(from)->fd, SHUT_WR);
}

static bool
is_transient(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

/* Offers bytes to the other side: how many it took, 0 too when it is lost. */
static size_t
offer(struct pair_side *from, const uint8_t *bytes, size_t len, int64_t now_ms)
{
	ssize_t n = send(other(from)->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0) {
		if (!is_transient(errno))
			lose(other(from));
		return 0;
	}
	from->bytes += (size_t)n;
	from->pair->last_ms = now_ms;
	return (size_t)n;
}

static void
keep_rest(struct pair_side *from, const uint8_t *bytes, size_t len)
{
	from->pending = malloc(len);
	if (from->pending == NULL) {
		pair_end(from->pair, PROTO_ENDED_ERROR);
		return;
	}
	memcpy(from->pending, bytes, len);
	from->at = 0;
	from->len = (uint32_t)len;
}

static void
flush_pending(struct pair_side *from, int64_t now_ms)
{
	size_t sent = offer(from, from->pending + from->at, from->len - from->at, now_ms);

	from->at += (uint32_t)sent;
	if (from->pending != NULL && from->at == from->len)
		drop_pending(from);
	finish(from);
}

static void
read_some(struct pair_side *from, int64_t now_ms)
{
	ssize_t n = recv(from->fd, scratch, sizeof(scratch), MSG_DONTWAIT);
	size_t sent;

	if (n < 0 && is_transient(errno))
		return;
	if (n < 0) { /* reset: nothing of this pair can be trusted to be whole */
		pair_end(from->pair, ended_by(from));
		return;
	}
	if (n == 0) {
		from->is_eof = true;
		finish(from);
		return;
	}
	sent = offer(from, scratch, (size_t)n, now_ms);
	if (sent < (size_t)n && !from->is_done)
		keep_rest(from, scratch + sent, (size_t)n - sent);
}

static bool
wants_read(const struct pair_side *side)
{
	return !side->is_eof && !side->is_done && side->pending == NULL;
}

/* Tells epoll what to wait for. A side that hung up and from which nothing is
 * wanted yet is taken out: epoll would report it for ever. */
static int
watch(struct pair_side *side)
{
	struct epoll_event event = {.data.ptr = side};
	int op = side->watched == PAIR_UNWATCHED ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
	uint32_t want;

	if (wants_read(side))
		event.events |= EPOLLIN;
	if (other(side)->pending != NULL)
		event.events |= EPOLLOUT;
	want = event.events;
	if (want == 0 && side->is_hung_up) {
		want = PAIR_UNWATCHED;
		op = EPOLL_CTL_DEL;
	}
	if (want == side->watched)
		return 0;
	if (epoll_ctl(side->pair->epoll, op, side->fd, &event) < 0)
		return -errno;
	side->watched = want;
	return 0;
}

static void
settle(struct pair *pair)
{
	if (pair->has_ended)
		return;
	if (pair->side[0].is_done && pair->side[1].is_done)
		pair_end(pair, pair->why);
	else if (watch(&pair->side[0]) < 0 || watch(&pair->side[1]) < 0)
		pair_end(pair, PROTO_ENDED_ERROR);
}

void
pair_handle(struct pair_side *side, uint32_t events, int64_t now_ms)
{
	struct pair_side *to_here = other(side);
	struct pair *pair = side->pair;

	if (pair->has_ended)
		return;
	if (events & (EPOLLHUP | EPOLLERR))
		side->is_hung_up = true;
	if (to_here->pending != NULL && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)))
		flush_pending(to_here, now_ms);
	if (wants_read(side) && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		read_some(side, now_ms);
	/* It hung up before we shut it, and nothing more is read from it: it is closed,
	 * not half-closed. */
	if (!pair->has_ended && side->is_hung_up && (side->is_eof || side->is_done) &&
	    !to_here->is_done)
		lose(side);
	settle(pair);
}

struct pair *
pair_new_ended(uint32_t channel)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (pair == NULL)
		return NULL;
	*pair = (struct pair){.channel = channel, .has_ended = true, .why = PROTO_ENDED_ERROR};
	pair->side[0] = pair->side[1] = (struct pair_side){.pair = pair, .fd = -1};
	return pair;
}

/* 0, -errno. Nagle's delay would cost a user 40 ms a keystroke. */
static int
prepare(int fd)
{
	int type = 0, domain = 0, on = 1;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return -errno;
	len = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
		return -errno;
	if (type != SOCK_STREAM)
		return -ENOTSOCK;
	if ((domain == AF_INET || domain == AF_INET6) &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

int
pair_new(int epoll, uint32_t channel, uint32_t idle_s, const int fds[2], int64_t now_ms,
    struct pair **pair)
{
	struct pair *p;
	int err = 0;

	for (size_t i = 0; err == 0 && i < 2; i++)
		err = prepare(fds[i]);
	if (err < 0)
		return err;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	*p = (struct pair){.channel = channel,
	    .idle_s = idle_s,
	    .last_ms = now_ms,
	    .epoll = epoll,
	    .why = PROTO_ENDED_BOTH};
	for (size_t i = 0; i < 2; i++)
		p->side[i] =
		    (struct pair_side){.pair = p, .fd = fds[i], .watched = PAIR_UNWATCHED};
	for (size_t i = 0; err == 0 && i < 2; i++)
		err = watch(&p->side[i]);
	if (err == 0) {
		*pair = p;
		return 0;
	}
	/* The caller closes the descriptors, but may hold copies: take them out. */
	for (size_t i = 0; i < 2; i++)
		(void)epoll_ctl(epoll, EPOLL_CTL_DEL, fds[i], NULL);
	free(p);
	return err;
}
