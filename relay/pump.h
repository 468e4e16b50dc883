/* Moves the bytes of one direction: copied while they are few, through a pipe when
 * they are many, and by way of the pair's console while there is one. */
#ifndef SALLYPORT_RELAY_PUMP_H
#define SALLYPORT_RELAY_PUMP_H

#include "relay/pair.h"

#define RELAY_CHUNK 65536 /* bytes of one read */

/* Something was read here that the other end did not take yet. */
bool pump_keeps(const struct pair_side *from);
void pump_drop(struct pair_side *from);
/* Offers it again. */
void pump_flush(struct pair_side *from, int64_t now_ms);
/* Reads once, and offers that to the other end. Nothing may be kept. */
void pump_read(struct pair_side *from, int64_t now_ms);
/* Offers bytes as if they had been read here. */
void pump_say(struct pair_side *from, const uint8_t *bytes, size_t len, int64_t now_ms);
/* It will do to try again later. */
bool pump_is_transient(int error);

#endif
