/* Half-open pairs: read, told of, answered. */
#include "relay/greeting.h"

#include "relay/console.h"
#include "relay/half.h"
#include "relay/pump.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define GREETINGS_MAX 8192  /* of all users; the supervisor has limits for each */
#define WAIT_MS       60000 /* for the supervisor, who has deadlines of his own */
#define REFUSE_MS     1000  /* for a client to take his refusal and close */
#define IGNORED_MAX   65536 /* bytes */

static size_t count;

void
greeting_drop(struct pair *pair)
{
	if (pair->greeting == NULL)
		return;
	free(pair->greeting);
	pair->greeting = NULL;
	count--;
}

bool
greeting_wants_read(const struct greeting *greeting)
{
	return greeting->state != GREETING_WAITS;
}

/* Never asks for a byte beyond the greeting: what follows is the VM's. */
static void
read_greeting(struct pair *pair, int64_t now_ms)
{
	struct greeting *g = pair->greeting;
	ssize_t n =
	    recv(pair->side[0].fd, g->bytes + g->len, (size_t)(g->need - g->len), MSG_DONTWAIT);

	if (n < 0 && pump_is_transient(errno))
		return;
	if (n <= 0) {
		pair_end(pair, PROTO_ENDED_CLIENT);
		return;
	}
	g->len = (uint16_t)(g->len + n);
	g->need = (uint16_t)spice_link_read(g->bytes, g->len, &g->link, &g->error);
	if (g->need > g->len)
		return;
	g->state = GREETING_WAITS;
	g->deadline_ms = now_ms + WAIT_MS;
	pair->tells |= PAIR_TELLS_GREETED;
}

/* Unread bytes would make close() a reset, which takes the refusal back. */
static void
ignore(struct pair *pair)
{
	uint8_t buf[512];
	ssize_t n = recv(pair->side[0].fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && pump_is_transient(errno))
		return;
	if (n > 0)
		pair->greeting->ignored += (size_t)n;
	if (n <= 0 || pair->greeting->ignored > IGNORED_MAX)
		pair_end(pair, PROTO_ENDED_STOPPED);
}

void
greeting_handle(struct pair *pair, uint32_t events, int64_t now_ms)
{
	bool is_gone = (events & (EPOLLHUP | EPOLLERR)) != 0;

	switch (pair->greeting->state) {
	case GREETING_READING:
		read_greeting(pair, now_ms);
		break;
	case GREETING_REFUSED:
		ignore(pair);
		break;
	case GREETING_WAITS:
		if (is_gone)
			pair_end(pair, PROTO_ENDED_CLIENT);
		break;
	}
	half_settle(pair);
}

void
greeting_refuse(struct pair *pair, uint8_t error, int64_t now_ms)
{
	struct greeting *g = pair->greeting;
	uint8_t out[SPICE_REFUSAL];

	if (g == NULL || g->state == GREETING_REFUSED)
		return;
	spice_link_refuse(out, (enum spice_error)error);
	g->state = GREETING_REFUSED;
	g->deadline_ms = now_ms + REFUSE_MS;
	/* The first bytes that are sent to this socket: there is room. */
	if (send(pair->side[0].fd, out, sizeof(out), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		pair_end(pair, PROTO_ENDED_CLIENT);
	else
		shutdown(pair->side[0].fd, SHUT_WR);
	half_settle(pair);
}

void
greeting_late(struct pair *pair)
{
	static const char *const words[] = {
	    [GREETING_READING] = "no whole greeting in time",
	    [GREETING_WAITS] = "nobody decided in time",
	    [GREETING_REFUSED] = NULL,
	};

	pair->words = words[pair->greeting->state];
	pair_end(pair, pair->words == NULL ? PROTO_ENDED_STOPPED : PROTO_ENDED_IDLE);
}

int
greeting_new(int epoll, uint32_t channel, int fd, uint32_t timeout_ms, int64_t now_ms,
    struct pair **pair)
{
	struct greeting *g;
	int err;

	if (count >= GREETINGS_MAX)
		return -EMFILE;
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return -ENOMEM;
	g->need = (uint16_t)spice_link_read(g->bytes, 0, &g->link, &g->error);
	g->deadline_ms = now_ms + timeout_ms;
	count++;
	err = half_new(epoll, channel, fd, g, now_ms, pair);
	if (err < 0) {
		free(g);
		count--;
	}
	return err;
}

int
greeting_start(struct pair *pair, int fd, uint32_t idle_s, uint32_t may, int64_t now_ms)
{
	struct greeting *g = pair->greeting;
	struct greeting copy;

	if (g == NULL || g->state != GREETING_WAITS || g->error != SPICE_OK)
		return -EPROTO;
	pair->console = console_new_spice(&g->link, may);
	if (pair->console == NULL)
		return -ENOMEM;
	pair->idle_s = idle_s;
	copy = *g; /* the pair drops it */
	return half_complete(pair, fd, copy.bytes, copy.len, now_ms);
}
