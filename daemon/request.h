/* What may be asked, by whom, in which state: the table in request.c is the
 * policy of the daemon's doors, and is read first. */
#ifndef SALLYPORT_DAEMON_REQUEST_H
#define SALLYPORT_DAEMON_REQUEST_H

#include "daemon/door.h"

#include <stddef.h>
#include <stdint.h>

/* Takes one message of a caller. Whatever is not in the table ends the caller. */
void request_dispatch(struct caller *caller, const uint8_t *buf, size_t len);
/* The caller is about to go, with or without an answer. */
void request_gone(struct caller *caller);
/* The answer did not come in time. */
void request_timed_out(struct caller *caller);

#endif
