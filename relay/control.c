/* The supervisor's messages obeyed. A channel that was started or greeted is told to
 * have ended exactly once, whatever happens in between. */
#include "relay/control.h"

#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/wire.h"
#include "relay/console.h"
#include "relay/greeting.h"
#include "relay/tell.h"

#include <errno.h>
#include <string.h>

/* Then other descriptors get their turn. */
#define MESSAGES_A_TURN 64
#define MESSAGE_MAX     64

struct order {
	struct table *table;
	int epoll;
	size_t pairs_max;
	int64_t now_ms;
	struct wire_in in;
	int fds[IO_FDS_MAX]; /* those that are taken become -1 */
};

/* It ends before it began; the message waits in the queue like any other. */
static int
refuse(const struct order *order, uint32_t channel, int error)
{
	struct pair *pair = pair_new_ended(channel);

	log_error("channel %u: %s", channel,
	    error == -EMFILE ? "too many for the limit of open files" : strerror(-error));
	if (pair == NULL)
		return -ENOMEM;
	table_add(order->table, pair);
	table_note(order->table, pair);
	return 0;
}

/* The VM of a client that was greeted. */
static int
join(struct order *order, struct pair *pair, uint32_t idle_s, uint32_t may)
{
	int err = greeting_start(pair, order->fds[0], idle_s, may, order->now_ms);

	if (err == 0) {
		order->fds[0] = -1;
	} else {
		log_error("channel %u: %s", pair->channel, strerror(-err));
		pair_end(pair, PROTO_ENDED_ERROR);
	}
	table_note(order->table, pair);
	return 0;
}

/* Both descriptors at once. */
static int
start_both(struct order *order, uint32_t channel, uint32_t idle_s, uint8_t mode, uint32_t may)
{
	struct console *console = NULL;
	struct pair *pair;
	int err;

	if (order->table->live >= order->pairs_max)
		return refuse(order, channel, -EMFILE);
	if (mode == PROTO_MODE_VNC && (console = console_new_vnc(may)) == NULL)
		return refuse(order, channel, -ENOMEM);
	err =
	    pair_new(order->epoll, channel, idle_s, order->fds, console, order->now_ms, &pair);
	if (err < 0) {
		console_free(console);
		return refuse(order, channel, err);
	}
	order->fds[0] = order->fds[1] = -1;
	table_add(order->table, pair);
	return 0;
}

static int
start(struct order *order)
{
	uint32_t channel = wire_get_u32(&order->in), idle_s = wire_get_u32(&order->in);
	uint8_t mode = wire_get_u8(&order->in);
	uint32_t may = wire_get_u32(&order->in);
	struct pair *pair;

	if (wire_end(&order->in) < 0 || mode > PROTO_MODE_VNC)
		return -EBADMSG;
	pair = table_find(order->table, channel);
	if (mode == PROTO_MODE_SPICE) /* crossed its ENDED, if there is none */
		return pair == NULL ? 0 : join(order, pair, idle_s, may);
	if (pair != NULL) {
		log_error("channel %u: started twice, the second is ignored", channel);
		return 0;
	}
	return start_both(order, channel, idle_s, mode, may);
}

static int
greet(struct order *order)
{
	uint32_t channel = wire_get_u32(&order->in), timeout_ms = wire_get_u32(&order->in);
	struct pair *pair;
	int err;

	if (wire_end(&order->in) < 0)
		return -EBADMSG;
	if (table_find(order->table, channel) != NULL) {
		log_error("channel %u: greeted twice, the second is ignored", channel);
		return 0;
	}
	if (order->table->live >= order->pairs_max)
		return refuse(order, channel, -EMFILE);
	err = greeting_new(
	    order->epoll, channel, order->fds[0], timeout_ms, order->now_ms, &pair);
	if (err < 0)
		return refuse(order, channel, err);
	order->fds[0] = -1;
	table_add(order->table, pair);
	return 0;
}

static int
refuse_greeted(struct order *order)
{
	uint32_t channel = wire_get_u32(&order->in);
	uint8_t error = wire_get_u8(&order->in);
	struct pair *pair;

	if (wire_end(&order->in) < 0)
		return -EBADMSG;
	pair = table_find(order->table, channel);
	if (pair == NULL)
		return 0;
	greeting_refuse(pair, error, order->now_ms);
	table_note(order->table, pair);
	return 0;
}

static int
stop(struct order *order)
{
	uint32_t channel = wire_get_u32(&order->in);
	struct pair *pair;

	if (wire_end(&order->in) < 0)
		return -EBADMSG;
	pair = table_find(order->table, channel);
	if (pair == NULL) /* crossed its ENDED */
		return 0;
	pair_end(pair, PROTO_ENDED_STOPPED);
	table_note(order->table, pair);
	return 0;
}

static int
obey(struct order *order)
{
	struct proto_header header;

	if (proto_get_header(&order->in, &header) < 0)
		return -EBADMSG;
	switch (header.type) {
	case PROTO_RELAY_START:
		return start(order);
	case PROTO_RELAY_STOP:
		return stop(order);
	case PROTO_RELAY_GREET:
		return greet(order);
	case PROTO_RELAY_REFUSE:
		return refuse_greeted(order);
	case PROTO_RELAY_COUNT:
		tell_counts_too();
		return wire_end(&order->in);
	default:
		return -EBADMSG;
	}
}

int
control_read(struct table *table, int epoll, size_t pairs_max, int64_t now_ms)
{
	struct order order = {
	    .table = table, .epoll = epoll, .pairs_max = pairs_max, .now_ms = now_ms};

	for (size_t i = 0; i < MESSAGES_A_TURN; i++) {
		uint8_t buf[MESSAGE_MAX];
		ssize_t n = io_receive(HELPER_FD, buf, sizeof(buf), order.fds);
		int err;

		if (n == 0 || n == -ECONNRESET)
			return 1;
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		wire_in_init(&order.in, buf, (size_t)n);
		err = obey(&order);
		io_close(&order.fds[0]);
		io_close(&order.fds[1]);
		if (err < 0)
			return err;
	}
	return 0;
}
