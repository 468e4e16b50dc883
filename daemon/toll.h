/* What a policy that is about to come into force ends: connections, sessions, channels. */
#ifndef SALLYPORT_DAEMON_TOLL_H
#define SALLYPORT_DAEMON_TOLL_H

#include "daemon/gateway.h"
#include "daemon/people.h"
#include "lib/proto.h"

struct toll_entry {
	uint32_t conn_id, channel_id, session_id; /* both 0: the whole connection */
	char user[PROTO_NAME_MAX + 1], vm[PROTO_NAME_MAX + 1], right[PROTO_NAME_MAX + 1];
	const char *reason; /* static */
};

struct toll {
	struct toll_entry *entries; /* owned */
	size_t count, conns, sessions, channels;
	bool is_cut; /* no memory for all */
};

/* Adds what would end of conn under policy; user is what was found of its user for
 * that policy, NULL when nothing could be. */
void toll_add(struct toll *toll, const struct gateway *gw, const struct policy *policy,
    const struct conn *conn, const struct people_user *user);
void toll_free(struct toll *toll);

#endif
