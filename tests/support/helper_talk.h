/* For tests: messages to a helper and from it. */
#ifndef SALLYPORT_TESTS_SUPPORT_HELPER_TALK_H
#define SALLYPORT_TESTS_SUPPORT_HELPER_TALK_H

#include "lib/client.h"
#include "lib/io.h"
#include "lib/proto.h"
#include "tests/support/helper_driver.h"

#include <string.h>

#define HELPER_ANSWER_MS 60000 /* hangs, who takes longer, on whatever machine */

/* Waits for a message of that type; what is in it is left to read in *in. */
static inline struct proto_header
helper_get(const struct helper *h, uint8_t type, struct wire_in *in)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	struct proto_header header;
	ssize_t n = client_receive(h->fd, buf, sizeof(buf), io_now_ms() + HELPER_ANSWER_MS);

	if (n < 0)
		printf("no message %d: %s\n", type, strerror((int)-n));
	REQUIRE(n > 0);
	wire_in_init(in, buf, (size_t)n);
	REQUIRE(proto_get_header(in, &header) == 0);
	REQUIRE(header.type == type);
	return header;
}

static inline void
helper_put(const struct helper *h, const struct wire_out *out)
{
	REQUIRE(!out->failed);
	REQUIRE(client_send(h->fd, out->buf, out->len, -1, io_now_ms() + HELPER_ANSWER_MS) == 0);
}

#endif
