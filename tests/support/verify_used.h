/* What verify tells of used codes by itself, passed over. */
#ifndef SALLYPORT_TESTS_SUPPORT_VERIFY_USED_H
#define SALLYPORT_TESTS_SUPPORT_VERIFY_USED_H

#include "tests/support/verify_otp.h"

/* The type of the first message that is no such notice, and that is left to be taken. */
static inline uint8_t
peer_skip_used(struct peer *p)
{
	struct proto_header header;
	uint8_t head[8];
	struct wire_in in;
	ssize_t n;

	for (;;) {
		if (io_wait(p->fd, POLLIN, io_now_ms() + PEER_ANSWER_MS) < 0)
			peer_die("no answer");
		n = recv(p->fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
		wire_in_init(&in, head, n > 0 ? (size_t)n : 0);
		if (proto_get_header(&in, &header) < 0)
			peer_die("it has gone");
		if (header.type != PROTO_CODE_USED)
			return header.type;
		(void)!recv(p->fd, head, sizeof(head), MSG_DONTWAIT);
	}
}

/* Is that what it found? An answer of another kind is taken, and is not. */
static inline bool
peer_is_found(struct peer *p, enum proto_otp found)
{
	uint8_t head[8];
	struct verified v;

	if (peer_skip_used(p) == PROTO_VERIFIED)
		return peer_verified(p, &v) && v.found == found;
	(void)!recv(p->fd, head, sizeof(head), MSG_DONTWAIT);
	return false;
}

#endif
