/* What those that move a pair's bytes share, within this folder: the pair's two
 * halves, and a pair that has only one yet. */
#ifndef SALLYPORT_RELAY_HALF_H
#define SALLYPORT_RELAY_HALF_H

#include "relay/pair.h"

/* The other end of the same pair. */
struct pair_side *half_other(struct pair_side *side);
/* Nobody takes bytes at this side any more. What came from it still goes on. */
void half_lose(struct pair_side *side);
/* Whose end it is when that side ends the pair. */
enum proto_ended half_ended_by(const struct pair_side *side);

/* A pair with a client and no VM, and its greeting: both its own on success. 0 or
 * -errno. */
int half_new(int epoll, uint32_t channel, int fd, struct greeting *greeting, int64_t now_ms,
    struct pair **pair);
/* The VM for it, whose own the descriptor is on success; bytes[len] go there first.
 * 0 or -errno. */
int half_complete(struct pair *pair, int fd, const uint8_t *bytes, size_t len, int64_t now_ms);

/* Ends a pair that has nothing left to do, else waits for what can come next. */
void half_settle(struct pair *pair);

#endif
