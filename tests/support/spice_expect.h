/* For tests: what a SPICE channel must let out, however it comes in. */
#ifndef SALLYPORT_TESTS_SUPPORT_SPICE_EXPECT_H
#define SALLYPORT_TESTS_SUPPORT_SPICE_EXPECT_H

#include "tests/support/spice_talk.h"

/* A piece of an agent's message of len bytes, of which the first inside are here. */
static inline void
add_agent(struct played *to, enum spice_way way, uint32_t type, uint32_t len, uint32_t inside)
{
	add_head(to, way == SPICE_UP ? 107 : 109, 20 + inside);
	add32(to, 1);
	add32(to, type);
	add32(to, 0);
	add32(to, 0);
	add32(to, len);
	memset(to->bytes + to->len, 'c', inside);
	to->len += inside;
}

static inline void
add_more(struct played *to, enum spice_way way, uint32_t size)
{
	add_head(to, way == SPICE_UP ? 107 : 109, size);
	memset(to->bytes + to->len, 'c', size);
	to->len += size;
}

static inline void
expect(const struct played *out)
{
	assert_int_equal(out->len, want.len);
	assert_memory_equal(out->bytes, want.bytes, want.len);
}

/* What is in in comes out as in want, whatever the cut. */
static inline void
expect_way(enum spice_way way, uint32_t may, uint32_t caps)
{
	static const size_t cuts[] = {1, 2, 3, 5, 17, 18, 19, 23, 44, 1000, 4096, 1u << 18};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		size_t len = in.len, want_len = want.len;
		talk(SPICE_MAIN, may, caps);
		channel.is_agent_started = true;
		in.len = len;
		want.len = want_len;
		play(way == SPICE_UP ? &channel.up : &channel.down, in.bytes, len, cuts[i],
		    &down);
		expect(&down);
		assert_null(channel.down.why);
		assert_null(channel.up.why);
	}
}

#endif
