/* Messages to the supervisor, in the order in which things happened. */
#include "relay/tell.h"

#include "lib/helper.h"
#include "lib/io.h"
#include "lib/wire.h"
#include "relay/console.h"
#include "relay/greeting.h"

#include <errno.h>

#define MESSAGE_MAX 512
#define COUNTS_MAX  250 /* channels in one message */
#define COUNT_SIZE  20  /* bytes of one */

static size_t counts_wanted, count_from; /* a bucket */

static void
begin(struct wire_out *out, uint8_t *buf, size_t cap, uint8_t type, uint32_t channel)
{
	wire_out_init(out, buf, cap);
	proto_put_header(out, type, 0);
	wire_put_u32(out, channel);
}

/* 0; -EAGAIN: not now; -errno. */
static int
send_it(const struct wire_out *out)
{
	return out->failed ? -EMSGSIZE : io_send(HELPER_FD, out->buf, out->len, NULL, 0);
}

static int
tell_greeted(const struct pair *pair)
{
	const struct greeting *g = pair->greeting;
	uint8_t buf[MESSAGE_MAX];
	struct wire_out out;
	bool is_good = g != NULL && g->error == SPICE_OK;

	if (g == NULL) /* whoever started it did not wait for this */
		return 0;
	begin(&out, buf, sizeof(buf), PROTO_RELAY_GREETED, pair->channel);
	wire_put_u8(&out, (uint8_t)g->error);
	wire_put_u8(&out, is_good ? g->link.type : 0);
	wire_put_u8(&out, is_good ? g->link.id : 0);
	wire_put_u32(&out, is_good ? g->link.connection_id : 0);
	return send_it(&out);
}

static int
tell_session(const struct pair *pair)
{
	uint8_t buf[MESSAGE_MAX];
	struct wire_out out;

	begin(&out, buf, sizeof(buf), PROTO_RELAY_SESSION, pair->channel);
	wire_put_u32(&out, console_session(pair->console));
	return send_it(&out);
}

static int
tell_ended(const struct pair *pair)
{
	uint8_t buf[MESSAGE_MAX];
	struct wire_out out;

	begin(&out, buf, sizeof(buf), PROTO_RELAY_ENDED, pair->channel);
	wire_put_u64(&out, pair->side[0].bytes);
	wire_put_u64(&out, pair->side[1].bytes);
	wire_put_u8(&out, pair->why);
	wire_put_str(&out, pair->words);
	return send_it(&out);
}

/* All that this pair has to tell. */
static int
tell_one(struct pair *pair)
{
	int err = 0;

	if (pair->tells & PAIR_TELLS_GREETED)
		err = tell_greeted(pair);
	if (err < 0)
		return err;
	pair->tells &= (uint8_t)~PAIR_TELLS_GREETED;
	if (pair->tells & PAIR_TELLS_SESSION)
		err = tell_session(pair);
	if (err < 0)
		return err;
	pair->tells = 0;
	return pair->has_ended ? tell_ended(pair) : 0;
}

/* As many buckets as fit, from one on: the one behind them, and the pairs in them. */
static size_t
choose(const struct table *table, size_t from, size_t *n)
{
	const struct pair *pair;
	size_t i;

	*n = 0;
	for (i = from; i < TABLE_BUCKETS; i++) {
		size_t here = 0;
		for (pair = table_bucket(table, i); pair != NULL; pair = pair->next)
			here++;
		if (*n + here > COUNTS_MAX && *n > 0)
			break;
		*n += here;
	}
	/* One bucket with more than that has channels that nobody will see counted. */
	*n = *n < COUNTS_MAX ? *n : COUNTS_MAX;
	return i;
}

static int
tell_counts(const struct table *table, size_t from, size_t *to)
{
	uint8_t buf[64 + COUNTS_MAX * COUNT_SIZE];
	const struct pair *pair;
	struct wire_out out;
	size_t n;

	*to = choose(table, from, &n);
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_RELAY_COUNTS, 0);
	wire_put_u8(&out, *to == TABLE_BUCKETS);
	wire_put_u16(&out, (uint16_t)n);
	for (size_t i = from; i < *to; i++) {
		for (pair = table_bucket(table, i); pair != NULL && n > 0; pair = pair->next) {
			wire_put_u32(&out, pair->channel);
			wire_put_u64(&out, pair->side[0].bytes);
			wire_put_u64(&out, pair->side[1].bytes);
			n--;
		}
	}
	return send_it(&out);
}

void
tell_counts_too(void)
{
	counts_wanted++;
}

int
tell_all(struct table *table)
{
	struct pair *pair;
	size_t to;
	int err;

	while ((pair = table_telling(table)) != NULL) {
		err = tell_one(pair);
		if (err < 0)
			return err == -EAGAIN ? 1 : err;
		table_told(table);
	}
	while (counts_wanted > 0) {
		err = tell_counts(table, count_from, &to);
		if (err < 0)
			return err == -EAGAIN ? 1 : err;
		count_from = to == TABLE_BUCKETS ? 0 : to;
		counts_wanted -= to == TABLE_BUCKETS;
	}
	return 0;
}
