/* Chunks of the agent's messages inside main. Input: what may be done, the way, then
 * records of {u16 length, bytes}: what comes out is of allowed messages only, and
 * what was left out was counted for its tokens. */
#include "tests/support/spice_walk.h"

#define RECORDS_MAX 256

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct played in, out;

/* AGENT_DATA messages of the records; how many. */
static uint32_t
build(const uint8_t *data, size_t size, uint16_t type)
{
	uint32_t n = 0;

	in.len = 0;
	for (size_t at = 0; at + 2 <= size && n < RECORDS_MAX; n++) {
		struct spice_message m = {.header = SPICE_HEADER_MINI, .type = type};
		m.size = le_get16(data + at) & 4095;
		at += 2;
		if (m.size > size - at)
			m.size = (uint32_t)(size - at);
		spice_message_write(&m, in.bytes + in.len);
		memcpy(in.bytes + in.len + m.header, data + at, m.size);
		in.len += m.header + m.size;
		at += m.size;
	}
	return n;
}

static uint32_t
count(const struct played *p)
{
	struct spice_message m;
	uint32_t n = 0;

	for (size_t at = 0; at + SPICE_HEADER_MINI <= p->len; at += m.header + m.size, n++)
		spice_message_read(&m, p->bytes + at, SPICE_HEADER_MINI);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct spice_channel channel;
	static const struct spice_link link = {.type = SPICE_MAIN};
	struct sieve *sieve;
	enum spice_way way;
	uint32_t chunks;

	if (size < 2)
		return 0;
	way = data[1] & 1 ? SPICE_UP : SPICE_DOWN;
	chunks = build(data + 2, size - 2, way == SPICE_UP ? 107 : 109);
	spice_channel_init(&channel, &link, data[0] | SPICE_MAY_SEE | SPICE_MAY_CONTROL);
	channel.client = channel.server = SPICE_TALKING;
	channel.both_caps = SPICE_CAP_MINI_HEADER;
	channel.is_agent_started = true;
	sieve = way == SPICE_UP ? &channel.up : &channel.down;
	sieve_expect(sieve, SPICE_HEADER_MINI);
	out.len = 0;
	play(sieve, in.bytes, in.len, in.len + 1, &out);
	walk_main(out.bytes, out.len, SPICE_HEADER_MINI, way, channel.may);
	if (sieve->why == NULL)
		REQUIRE(count(&out) + channel.tokens_up + channel.tokens_down == chunks);
	return 0;
}
