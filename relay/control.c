/* START, STOP and ENDED. A channel that was started is told to have ended
 * exactly once, whatever happens in between. */
#include "relay/control.h"

#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "lib/wire.h"

#include <errno.h>
#include <string.h>

/* Then other descriptors get their turn. */
#define MESSAGES_A_TURN 64
#define MESSAGE_MAX     64

static size_t
put_ended(uint8_t *buf, size_t cap, uint32_t channel, uint64_t up, uint64_t down,
    enum proto_ended why)
{
	struct wire_out out;

	wire_out_init(&out, buf, cap);
	proto_put_header(&out, PROTO_RELAY_ENDED, 0);
	wire_put_u32(&out, channel);
	wire_put_u64(&out, up);
	wire_put_u64(&out, down);
	wire_put_u8(&out, (uint8_t)why);
	wire_put_str(&out, "");
	return out.len;
}

/* It ends before it began; the message waits in the queue like any other. */
static int
refuse(struct table *table, uint32_t channel, const char *why)
{
	struct pair *pair = pair_new_ended(channel);

	log_error("channel %u: %s", channel, why);
	if (pair == NULL)
		return -ENOMEM;
	table_add(table, pair);
	table_retire(table, pair);
	return 0;
}

static int
start(struct table *table, int epoll, size_t pairs_max, int64_t now_ms, struct wire_in *in,
    int fds[IO_FDS_MAX])
{
	uint32_t channel = wire_get_u32(in);
	uint32_t idle_s = wire_get_u32(in);
	uint8_t mode = wire_get_u8(in);
	struct pair *pair;
	int err;

	(void)wire_get_u32(in);
	if (wire_end(in) < 0 || mode != PROTO_MODE_OPAQUE)
		return -EBADMSG;
	if (table_find(table, channel) != NULL) {
		log_error("channel %u: started twice, the second is ignored", channel);
		return 0;
	}
	if (table->live >= pairs_max)
		return refuse(table, channel, "too many pairs for the limit of open files");
	err = pair_new(epoll, channel, idle_s, fds, now_ms, &pair);
	if (err < 0)
		return refuse(table, channel, strerror(-err));
	fds[0] = fds[1] = -1;
	table_add(table, pair);
	return 0;
}

static int
stop(struct table *table, struct wire_in *in)
{
	uint32_t channel = wire_get_u32(in);
	struct pair *pair;

	if (wire_end(in) < 0)
		return -EBADMSG;
	pair = table_find(table, channel);
	if (pair == NULL) /* crossed its ENDED */
		return 0;
	pair_end(pair, PROTO_ENDED_STOPPED);
	table_retire(table, pair);
	return 0;
}

int
control_read(struct table *table, int epoll, size_t pairs_max, int64_t now_ms)
{
	for (size_t i = 0; i < MESSAGES_A_TURN; i++) {
		uint8_t buf[MESSAGE_MAX];
		int fds[IO_FDS_MAX], err = -EBADMSG;
		struct proto_header header;
		struct wire_in in;
		ssize_t n = io_receive(HELPER_FD, buf, sizeof(buf), fds);

		if (n == 0 || n == -ECONNRESET)
			return 1;
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		wire_in_init(&in, buf, (size_t)n);
		if (proto_get_header(&in, &header) == 0 && header.type == PROTO_RELAY_START)
			err = start(table, epoll, pairs_max, now_ms, &in, fds);
		else if (!in.failed && header.type == PROTO_RELAY_STOP)
			err = stop(table, &in);
		io_close(&fds[0]);
		io_close(&fds[1]);
		if (err < 0)
			return err;
	}
	return 0;
}

int
control_tell(struct table *table)
{
	const struct pair *pair;

	while ((pair = table_ended(table)) != NULL) {
		uint8_t buf[MESSAGE_MAX];
		size_t len = put_ended(buf, sizeof(buf), pair->channel, pair->side[0].bytes,
		    pair->side[1].bytes, pair->why);
		int err = io_send(HELPER_FD, buf, len, NULL, 0);

		if (err == -EAGAIN)
			return 1;
		if (err < 0)
			return err;
		table_forget(table);
	}
	return 0;
}
