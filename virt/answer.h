/* What virt tells the supervisor. */
#ifndef SALLYPORT_VIRT_ANSWER_H
#define SALLYPORT_VIRT_ANSWER_H

#include "lib/proto.h"

#include <stdint.h>

/* Each returns 0, or -errno: the helper must then end. */

/* fd: the console's other end with PROTO_VIRT_OK, else -1; it stays the caller's. */
int answer_opened(uint32_t id, enum proto_virt status, int fd);
int answer_changed(const char *name, enum proto_vm_state state);
/* A connection to the QMP socket at path is wanted. */
int answer_dial(const char *path);

#endif
