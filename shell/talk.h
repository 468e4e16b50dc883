/* The conversation with the daemon: one question at a time, its answers one by one. */
#ifndef SALLYPORT_SHELL_TALK_H
#define SALLYPORT_SHELL_TALK_H

#include "lib/io.h"
#include "lib/proto.h"
#include "shell/asked.h"

struct talk {
	int fd;
	struct proto_header header; /* of the last answer */
	struct wire_in in;          /* its fields */
	int passed;                 /* its descriptor, -1 none; the next answer closes it */
	uint8_t buf[IO_MESSAGE_MAX];
};

/* All: 0 or -errno; they wait at most TALK_MS. The socket's path is fixed, and root
 * must listen there. */
#define TALK_MS 10000
int talk_open(struct talk *talk);
int talk_begin(struct talk *talk, const struct asked *asked);
int talk_otp(struct talk *talk, const char *otp);
/* -EPROTONOSUPPORT: the daemon is of another version. */
int talk_receive(struct talk *talk);
void talk_close(struct talk *talk);

#endif
