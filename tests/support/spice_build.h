/* For tests: messages of SPICE's main channel, written one behind the other. */
#ifndef SALLYPORT_TESTS_SUPPORT_SPICE_BUILD_H
#define SALLYPORT_TESTS_SUPPORT_SPICE_BUILD_H

#include "spice/channel.h"
#include "spice/le.h"
#include "spice/message.h"
#include "tests/support/sieve_play.h"

static size_t header; /* of messages, bytes */

static inline void
add(struct played *to, const void *bytes, size_t len)
{
	memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
}

static inline void
add32(struct played *to, uint32_t value)
{
	uint8_t at[4];

	le_put32(at, value);
	add(to, at, 4);
}

/* A message's header; its body is to follow. */
static inline void
add_head(struct played *to, uint16_t type, uint32_t size)
{
	const struct spice_message m = {
	    .serial = 7, .header = header, .type = type, .size = size};

	spice_message_write(&m, to->bytes + to->len);
	to->len += header;
}

static inline void
add_message(struct played *to, uint16_t type, const void *body, uint32_t size)
{
	add_head(to, type, size);
	if (size > 0)
		add(to, body, size);
}

static inline void
add_reply(struct played *to, uint32_t error, uint32_t caps)
{
	static const uint8_t key[162] = {0x30, 0x81};
	const uint32_t words[] = {1, 1, 178, caps, 9};

	add(to, "REDQ\2\0\0\0\2\0\0\0\xba\0\0\0", 16);
	add32(to, error);
	add(to, key, sizeof(key));
	for (size_t i = 0; i < 5; i++)
		add32(to, words[i]);
}

#endif
