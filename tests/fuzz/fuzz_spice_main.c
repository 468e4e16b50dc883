/* Both ways of a SPICE connection behind its greeting. Input: what may be done, the
 * client's first capability word, the channel's type; then records of {u8 way, u16
 * length, bytes}, as they would be read. What comes out does not depend on the reads,
 * holds only what is allowed, and passes unchanged a second time. */
#include "tests/support/spice_walk.h"

#define RECORDS_MAX 256

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct played out[2], bytewise[2], second[2];

/* What came out of a main channel, one way, from its first byte. */
static void
walk_channel(const struct spice_channel *channel, const struct played *p, enum spice_way way)
{
	size_t header =
	    channel->both_caps & SPICE_CAP_MINI_HEADER ? SPICE_HEADER_MINI : SPICE_HEADER_FULL;
	size_t talk = way == SPICE_UP
			  ? 128 + (channel->both_caps & SPICE_CAP_AUTH_SELECTION ? 4u : 0u)
		      : p->len < 16 ? 16
				    : 20 + (size_t)le_get32(p->bytes + 12);

	if (channel->is_main && p->len > talk)
		walk_main(p->bytes + talk, p->len - talk, header, way, channel->may);
}

static void
read_record(struct spice_channel *channel, enum spice_way way, const uint8_t *at, size_t len,
    size_t cut, struct played *to)
{
	struct sieve *sieve = way == SPICE_UP ? &channel->up : &channel->down;
	bool had_session = channel->has_session;

	play(sieve, at, len, cut, to);
	REQUIRE(!channel->has_session || channel->session != 0);
	REQUIRE(channel->has_session >= had_session);
	REQUIRE(!sieve_is_open(sieve) || !channel->is_main);
}

static void
read_owed(struct spice_channel *channel, enum spice_way way)
{
	uint8_t owed[SPICE_OWED_MAX];
	size_t header =
	    channel->both_caps & SPICE_CAP_MINI_HEADER ? SPICE_HEADER_MINI : SPICE_HEADER_FULL;
	size_t len;

	while ((len = spice_channel_owed(channel, way, owed)) > 0) {
		struct spice_message m;
		REQUIRE(channel->is_main && len <= sizeof(owed));
		spice_message_read(&m, owed, header);
		REQUIRE(m.header + m.size == len);
		REQUIRE(way == SPICE_DOWN ? m.type == 110 : m.type == 108 || m.type == 103);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct spice_channel channel[3];
	struct spice_link link;

	if (size < 3)
		return 0;
	link = (struct spice_link){.common_caps = data[1], .type = data[2]};
	for (size_t i = 0; i < 3; i++)
		spice_channel_init(&channel[i], &link, data[0]);
	for (size_t way = 0; way < 2; way++)
		out[way].len = bytewise[way].len = second[way].len = 0;
	for (size_t at = 3, n = 0; at + 3 <= size && n < RECORDS_MAX; n++) {
		enum spice_way way = data[at] & 1 ? SPICE_UP : SPICE_DOWN;
		size_t len = le_get16(data + at + 1), before = out[way].len;
		at += 3;
		if (len > size - at)
			len = size - at;
		read_record(&channel[0], way, data + at, len, len + 1, &out[way]);
		read_record(&channel[1], way, data + at, len, 1, &bytewise[way]);
		read_record(&channel[2], way, out[way].bytes + before, out[way].len - before, 7,
		    &second[way]);
		for (size_t i = 0; i < 3; i++) {
			read_owed(&channel[i], SPICE_UP);
			read_owed(&channel[i], SPICE_DOWN);
		}
		at += len;
	}
	for (size_t way = 0; way < 2; way++) {
		REQUIRE(out[way].len == bytewise[way].len && out[way].len == second[way].len);
		REQUIRE(memcmp(out[way].bytes, bytewise[way].bytes, out[way].len) == 0);
		REQUIRE(memcmp(out[way].bytes, second[way].bytes, out[way].len) == 0);
		walk_channel(&channel[0], &out[way], way == SPICE_UP ? SPICE_UP : SPICE_DOWN);
	}
	REQUIRE((channel[0].down.why == NULL) == (channel[1].down.why == NULL));
	REQUIRE((channel[0].up.why == NULL) == (channel[1].up.why == NULL));
	return 0;
}
