/* The processes in which libvirt is called. Each has the same account as its parent,
 * one socket to it on descriptor 3, and ends with it; one that hangs is killed, and
 * nothing of its call is left. They speak the supervisor's messages: VIRT_OPEN in,
 * VIRT_OPENED and VIRT_CHANGED out. */
#ifndef SALLYPORT_VIRT_CHILD_H
#define SALLYPORT_VIRT_CHILD_H

#include "lib/proto.h"

#include <stdint.h>
#include <sys/types.h>

enum child_kind {
	CHILD_OPENER,  /* opens graphical consoles, one after the other */
	CHILD_CONSOLE, /* opens one serial console, and carries its bytes */
	CHILD_WATCHER, /* tells states */
};

struct child {
	enum child_kind kind;
	int pidfd, fd; /* fd: our end of its socket */
};

/* What a VIRT_OPEN asks. */
struct child_order {
	enum proto_console what;
	char name[PROTO_NAME_MAX + 1];
	uint32_t time_ms;
};

/* Starts one. 0, -errno. */
int child_start(struct child *child, enum child_kind kind);
/* Kills it and closes what is held of it. Accepts one that was ended. */
void child_end(struct child *child);
/* Hands it an order. 0, -errno: it must be ended. */
int child_order(const struct child *child, uint32_t id, const struct child_order *order);

/* Reads the fields of a VIRT_OPEN. 0, -EBADMSG. */
int child_read_order(struct wire_in *in, struct child_order *order);

#endif
