/* For tests: what may be in what came out of a main channel. */
#ifndef SALLYPORT_TESTS_SUPPORT_SPICE_WALK_H
#define SALLYPORT_TESTS_SUPPORT_SPICE_WALK_H

#include "spice/channel.h"
#include "spice/kind.h"
#include "spice/le.h"
#include "spice/message.h"
#include "tests/support/sieve_play.h"

/* A message of the agent in what came out: none but those that are allowed. */
static inline void
walk_agent(const uint8_t *at, uint32_t size, uint32_t *left, enum spice_way way, uint32_t may)
{
	if (*left == 0) {
		REQUIRE(size >= 20 && le_get32(at) == 1);
		REQUIRE(spice_agent_allowed(le_get32(at + 4), way, may));
		*left = le_get32(at + 16);
		size -= 20;
		if (le_get32(at + 4) == 6 && size >= 8 && (may & SPICE_MAY_CLIPBOARD) == 0)
			REQUIRE((le_get32(at + 24) & 0xffff0468) == 0);
	}
	REQUIRE(size <= *left);
	*left -= size;
}

/* Main's messages, as far as they are whole. */
static inline void
walk_main(const uint8_t *at, size_t len, size_t header, enum spice_way way, uint32_t may)
{
	static const uint8_t controls[2][5] = {{107, 108, 109, 110, 115}, {105, 106, 107, 108}};
	static const uint8_t sees[2][11] = {
	    {3, 4, 5, 6, 7, 103, 104, 105, 106, 113, 114}, {1, 2, 3, 6, 104}};
	struct spice_message m;
	uint32_t left = 0;

	for (; len >= header; at += header + m.size, len -= header + m.size) {
		const void *seen, *controlled;
		spice_message_read(&m, at, header);
		REQUIRE(!m.has_list && m.type < 256);
		seen = memchr(sees[way], m.type, sizeof(sees[0]));
		controlled = memchr(controls[way], m.type, sizeof(controls[0]));
		REQUIRE(m.type != 0 && ((seen != NULL && (may & SPICE_MAY_SEE)) ||
					   (controlled != NULL && (may & SPICE_MAY_CONTROL))));
		if (len - header < m.size)
			return;
		if (way == SPICE_DOWN && (m.type == 107 || m.type == 108 || m.type == 115))
			left = 0;
		if (m.type == (way == SPICE_UP ? 107 : 109))
			walk_agent(at + header, m.size, &left, way, may);
		if (way == SPICE_DOWN && m.type == 104)
			for (uint32_t i = 0; i < le_get32(at + header); i++)
				REQUIRE(spice_kind_allowed(at[header + 4 + 2 * i], may));
		if (way == SPICE_DOWN && m.type == 103 && (may & SPICE_MAY_CONTROL) == 0)
			REQUIRE(le_get64(at + header + 16) == 0);
	}
}

#endif
