/* The keys' messages of verify. */
#ifndef SALLYPORT_TESTS_SUPPORT_VERIFY_KEYS_H
#define SALLYPORT_TESTS_SUPPORT_VERIFY_KEYS_H

#include "tests/support/verify_message.h"

static inline bool
peer_import(struct peer *p, int fd, bool is_dry)
{
	uint8_t buf[16];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_KEYS_IMPORT, ++p->id);
	wire_put_u8(&out, is_dry);
	return peer_send(p, &out, &fd);
}

static inline bool
peer_ask_about_key(struct peer *p, uint8_t type, const char *key)
{
	uint8_t buf[512];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, type, ++p->id);
	wire_put_str(&out, key);
	return peer_send(p, &out, NULL);
}

static inline bool
peer_done(struct peer *p, unsigned int *status, char *report)
{
	struct wire_in in;
	uint32_t id;

	if (!peer_get(p, PROTO_KEYS_DONE, &id, &in))
		return false;
	if (id > p->id)
		peer_die("an answer that was not asked for");
	*status = wire_get_u8(&in);
	wire_get_str(&in, report, IO_MESSAGE_MAX);
	if (wire_end(&in) < 0)
		peer_die("a malformed DONE");
	return true;
}

#endif
