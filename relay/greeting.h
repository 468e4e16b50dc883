/* A SPICE client's greeting, read before anything else is there: nobody is asked,
 * and no VM hears of it, until it is whole and within its bounds. */
#ifndef SALLYPORT_RELAY_GREETING_H
#define SALLYPORT_RELAY_GREETING_H

#include "relay/pair.h"
#include "spice/link.h"

struct greeting {
	enum {
		GREETING_READING = 0,
		GREETING_WAITS,   /* for the supervisor: START, REFUSE or STOP */
		GREETING_REFUSED, /* the answer is on its way */
	} state;
	enum spice_error error;
	struct spice_link link; /* when error is SPICE_OK */
	uint16_t len, need;     /* bytes */
	int64_t deadline_ms;
	size_t ignored; /* bytes of one who is refused and goes on talking */
	uint8_t bytes[SPICE_LINK_MAX];
};

/* A half-open pair, of which there is only the client; fd is its own on success. 0;
 * -EMFILE when there are too many, -ENOTSOCK, -ENOMEM, -errno. */
int greeting_new(int epoll, uint32_t channel, int fd, uint32_t timeout_ms, int64_t now_ms,
    struct pair **pair);
/* Frees it; the pair may live on. Accepts a pair without one. */
void greeting_drop(struct pair *pair);

/* After events on the client's side; may end the pair. */
void greeting_handle(struct pair *pair, uint32_t events, int64_t now_ms);
bool greeting_wants_read(const struct greeting *greeting);
/* Answers it with a link error, and closes. */
void greeting_refuse(struct pair *pair, uint8_t error, int64_t now_ms);
/* Its time is over. */
void greeting_late(struct pair *pair);

/* The pair gets its VM: the greeting goes there first. fd is the pair's own on
 * success, else the pair must be ended. 0, -EPROTO when it is not the time for
 * that, -ENOTSOCK, -ENOMEM, -errno. */
int greeting_start(struct pair *pair, int fd, uint32_t idle_s, uint32_t may, int64_t now_ms);

#endif
