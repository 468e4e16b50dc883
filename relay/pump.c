/* The byte pump: one read an event, straight on to the other side; what that does
 * not take at once is kept until it does. */
#include "relay/pump.h"

#include "relay/console.h"
#include "relay/half.h"
#include "relay/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A pipe pays from one length on, and no longer below another. */
#define BULK_FROM  16384
#define BULK_LEAST 4096

/* What one brings at most: so much is still in the cache where it is read next, by sshd,
 * which has more to do with it than the relay. */
#define BULK_UNIX 131072
#define BULK_TCP  65536

static uint8_t scratch[RELAY_CHUNK]; /* empty between two events, as: */
static uint8_t passed[CONSOLE_OUT];

bool
pump_is_transient(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

bool
pump_keeps(const struct pair_side *from)
{
	return from->pending != NULL || from->pipe != NULL;
}

void
pump_drop(struct pair_side *from)
{
	free(from->pending);
	from->pending = NULL;
	if (from->pipe != NULL)
		pipes_discard(from->pipe);
	from->pipe = NULL;
	from->at = from->len = 0;
}

/* The half-close goes on to the other side once all bytes did. */
static void
finish(struct pair_side *from)
{
	if (!from->is_eof || from->is_done || pump_keeps(from))
		return;
	from->is_done = true;
	shutdown(half_other(from)->fd, SHUT_WR);
}

/* What a send came to: how many bytes were taken, 0 too when the other side is lost. */
static size_t
taken(struct pair_side *from, ssize_t n, int64_t now_ms)
{
	if (n < 0) {
		if (!pump_is_transient(errno))
			half_lose(half_other(from));
		else if (errno != EAGAIN)
			half_other(from)->is_missed = true;
		return 0;
	}
	from->bytes += (size_t)n;
	from->pair->last_ms = now_ms;
	return (size_t)n;
}

void
pump_say(struct pair_side *from, const uint8_t *bytes, size_t len, int64_t now_ms)
{
	size_t sent = taken(
	    from, send(half_other(from)->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL), now_ms);

	if (sent == len || from->is_done)
		return;
	from->pending = malloc(len - sent);
	if (from->pending == NULL) {
		pair_end(from->pair, PROTO_ENDED_ERROR);
		return;
	}
	memcpy(from->pending, bytes + sent, len - sent);
	from->at = 0;
	from->len = (uint32_t)(len - sent);
}

/* The gate's own words, where no bytes wait before them. */
static void
say_owed(struct pair_side *from, int64_t now_ms)
{
	struct pair *pair = from->pair;
	enum console_way way = from == &pair->side[0] ? CONSOLE_UP : CONSOLE_DOWN;
	uint8_t words[SPICE_OWED_MAX];
	size_t len;

	while (pair->console != NULL && !pair->has_ended && !from->is_done && !from->is_eof &&
	       !pump_keeps(from) && (len = console_owed(pair->console, way, words)) > 0)
		pump_say(from, words, len, now_ms);
}

static void
flush_pipe(struct pair_side *from, int64_t now_ms)
{
	ssize_t n = splice(from->pipe->out, NULL, half_other(from)->fd, NULL, from->len,
	    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	/* After a loss there is no pipe any more. */
	from->len -= (uint32_t)taken(from, n, now_ms);
	if (from->pipe != NULL && from->len == 0) {
		pipes_return(from->pipe);
		from->pipe = NULL;
	}
}

static void
flush_pending(struct pair_side *from, int64_t now_ms)
{
	from->at += (uint32_t)taken(from,
	    send(half_other(from)->fd, from->pending + from->at, from->len - from->at,
		MSG_DONTWAIT | MSG_NOSIGNAL),
	    now_ms);
	if (from->pending != NULL && from->at == from->len)
		pump_drop(from);
}

void
pump_flush(struct pair_side *from, int64_t now_ms)
{
	if (from->pipe != NULL)
		flush_pipe(from, now_ms);
	else
		flush_pending(from, now_ms);
	say_owed(from, now_ms);
	finish(from);
}

/* What a read came to, which could have brought max: bytes; 0 when there are none, and
 * what that means is done. */
static size_t
came(struct pair_side *from, ssize_t n, size_t max)
{
	if (n > 0) {
		from->is_ready = (size_t)n == max || from->is_careful;
		return (size_t)n;
	}
	if (n == 0) {
		from->is_eof = true;
		finish(from);
	} else if (errno == EAGAIN) {
		from->is_ready = false;
	} else if (!pump_is_transient(errno)) {
		/* Reset: nothing of this pair can be trusted to be whole. */
		pair_end(from->pair, half_ended_by(from));
	}
	return 0;
}

/* A pipe may be full with less in it than it could hold: no read is a short one. */
static void
read_bulk(struct pair_side *from, struct pipe *pipe, int64_t now_ms)
{
	size_t most = half_other(from)->is_tcp ? BULK_TCP : BULK_UNIX;
	size_t len = came(from,
	    splice(from->fd, NULL, pipe->in, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK), 0);

	if (len == 0) {
		pipes_return(pipe);
		return;
	}
	from->is_ready = true;
	from->is_bulk = len >= BULK_LEAST;
	from->pipe = pipe;
	from->len = (uint32_t)len;
	flush_pipe(from, now_ms);
}

static void
read_opaque(struct pair_side *from, int64_t now_ms)
{
	size_t len =
	    came(from, recv(from->fd, scratch, sizeof(scratch), MSG_DONTWAIT), sizeof(scratch));

	from->is_bulk = len >= BULK_FROM;
	if (len > 0)
		pump_say(from, scratch, len, now_ms);
}

static void
read_console(struct pair_side *from, enum console_way way, int64_t now_ms)
{
	struct pair *pair = from->pair;
	struct console *console = pair->console;
	bool was_known = console_session(console) != 0;
	size_t len =
	    came(from, recv(from->fd, scratch, CONSOLE_CHUNK, MSG_DONTWAIT), CONSOLE_CHUNK);

	if (len == 0)
		return;
	len = console_pass(console, way, scratch, len, passed);
	/* In the queue before the client can know it, and with it ask for more. */
	if (!was_known && console_session(console) != 0)
		pair->tells |= PAIR_TELLS_SESSION;
	if (len > 0)
		pump_say(from, passed, len, now_ms);
	if (console_why(console) != NULL) {
		pair->words = console_why(console);
		pair_end(pair, PROTO_ENDED_ERROR);
		return;
	}
	say_owed(from, now_ms);
	say_owed(half_other(from), now_ms);
	if (console_is_open(console, CONSOLE_UP) && console_is_open(console, CONSOLE_DOWN)) {
		console_free(console);
		pair->console = NULL;
	}
}

void
pump_read(struct pair_side *from, int64_t now_ms)
{
	struct pair *pair = from->pair;
	enum console_way way = from == &pair->side[0] ? CONSOLE_UP : CONSOLE_DOWN;
	struct pipe *pipe = NULL;

	if (pair->console != NULL && !console_is_open(pair->console, way)) {
		read_console(from, way, now_ms);
		return;
	}
	/* At TCP's urgent bytes a splice says for ever that there is nothing. */
	if (from->is_bulk && !from->is_careful)
		pipe = pipes_borrow();
	if (pipe != NULL)
		read_bulk(from, pipe, now_ms);
	else
		read_opaque(from, now_ms);
}
