/* For tests: a SPICE channel that is through its handshake. */
#ifndef SALLYPORT_TESTS_SUPPORT_SPICE_TALK_H
#define SALLYPORT_TESTS_SUPPORT_SPICE_TALK_H

#include "spice/kind.h"
#include "tests/support/spice_build.h"

#define SEE      SPICE_MAY_SEE
#define CONTROL  (SEE | SPICE_MAY_CONTROL)
#define CLIP     (CONTROL | SPICE_MAY_CLIPBOARD)
#define SHARE    (CONTROL | SPICE_MAY_SHARE)
#define CAPS     0x0d /* a viewer's */

static struct spice_channel channel;
static struct played hello, in, want, down, up;

static inline void
begin(uint8_t type, uint32_t may, uint32_t caps)
{
	const struct spice_link link = {.type = type, .common_caps = caps};

	spice_channel_init(&channel, &link, may);
	in.len = want.len = down.len = up.len = 0;
}

/* Through the handshake, to the first message. */
static inline void
talk(uint8_t type, uint32_t may, uint32_t caps)
{
	static const uint8_t ticket[132] = {2};

	header = caps & SPICE_CAP_MINI_HEADER ? 6 : 18;
	begin(type, may, caps);
	hello.len = 0;
	add_reply(&hello, 0, 0x0f);
	play(&channel.down, hello.bytes, hello.len, hello.len, &down);
	play(&channel.up, ticket, sizeof(ticket) - (caps & SPICE_CAP_AUTH_SELECTION ? 0 : 4),
	    128, &up);
	play(&channel.down, (const uint8_t *)"\0\0\0", 4, 4, &down);
	assert_null(channel.down.why);
	assert_null(channel.up.why);
	channel.has_agent = true; /* as INIT would have said */
	down.len = up.len = 0;
}

static inline void
say(enum spice_way way)
{
	play(way == SPICE_UP ? &channel.up : &channel.down, in.bytes, in.len, in.len,
	    way == SPICE_UP ? &up : &down);
	in.len = 0;
}

#endif
