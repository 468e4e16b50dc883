/* Keys whose counters are nearly at their end, as verify tells of them. */
#ifndef SALLYPORT_DAEMON_WORN_H
#define SALLYPORT_DAEMON_WORN_H

#include "lib/proto.h"

struct worn {
	uint32_t count;
	char id[PROTO_PUBLIC_ID_MAX + 1]; /* one of them */
};

/* A message PROTO_KEYS_WORN. */
void worn_on_notice(struct worn *worn, struct wire_in *in);

#endif
