/* What the relay says of a channel's end, in words for the record. */
#ifndef SALLYPORT_DAEMON_RELAY_ENDED_H
#define SALLYPORT_DAEMON_RELAY_ENDED_H

#include <stdint.h>

/* why: enum proto_ended, as it came. */
const char *relay_ended_text(uint8_t why);

#endif
