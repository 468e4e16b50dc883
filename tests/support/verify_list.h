/* The listing of verify's keys, page for page. */
#ifndef SALLYPORT_TESTS_SUPPORT_VERIFY_LIST_H
#define SALLYPORT_TESTS_SUPPORT_VERIFY_LIST_H

#include "tests/support/verify_keys.h"

struct listed {
	char key[PROTO_PUBLIC_ID_MAX + 1], note[256];
	unsigned int state;
	uint32_t counter;
	uint64_t created;
};

typedef void listed_fn(const struct listed *row, void *arg);

/* Page for page. */
static inline bool
peer_list(struct peer *p, listed_fn *fn, void *arg)
{
	struct listed row = {.key = ""};
	struct wire_in in;
	uint32_t id;
	bool is_more = true;

	while (is_more) {
		if (!peer_ask_about_key(p, PROTO_KEYS_LIST, row.key) ||
		    !peer_get(p, PROTO_KEYS, &id, &in))
			return false;
		is_more = wire_get_u8(&in) != 0;
		for (unsigned int n = wire_get_u16(&in); n > 0; n--) {
			wire_get_str(&in, row.key, sizeof(row.key));
			row.state = wire_get_u8(&in);
			row.counter = wire_get_u32(&in);
			row.created = wire_get_u64(&in);
			wire_get_str(&in, row.note, sizeof(row.note));
			if (in.failed)
				peer_die("a malformed row");
			fn(&row, arg);
		}
		if (wire_end(&in) < 0)
			peer_die("a malformed page");
	}
	return true;
}

#endif
