/* Two stream sockets and the bytes between them. Nothing is held for a
 * direction that is idle; at most RELAY_CHUNK bytes while its reader is slow,
 * and then nothing more is read. */
#ifndef SALLYPORT_RELAY_PAIR_H
#define SALLYPORT_RELAY_PAIR_H

#include "lib/proto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_CHUNK 65536 /* bytes of one read */

struct pair;

/* One end, and the direction that leads from it to the other end. */
struct pair_side {
	struct pair *pair;
	uint8_t *pending; /* read here, not yet taken by the other end; NULL: nothing */
	uint32_t at, len; /* of pending, bytes */
	uint32_t watched; /* events that epoll was told, PAIR_UNWATCHED if not even that */
	uint64_t bytes;   /* from here, taken by the other end */
	int fd;
	bool is_eof;    /* nothing more comes from here */
	bool is_done;   /* and all of it went on, or can't any more */
	bool is_hung_up; /* epoll said so: it says so again and again */
};

struct pair {
	struct pair_side side[2]; /* 0: client, 1: VM */
	struct pair *next;        /* for the table and the queue that hold it */
	uint32_t channel;
	uint32_t idle_s; /* 0: never */
	int64_t last_ms; /* when bytes last moved */
	int epoll;       /* the caller's */
	bool has_ended;
	enum proto_ended why; /* of the end, or of the first end of one side */
};

/* A pair of the two descriptors, which it owns on success; both must be
 * connected stream sockets. 0; -ENOTSOCK, -ENOMEM, -errno. epoll's events then
 * carry a struct pair_side. */
int pair_new(int epoll, uint32_t channel, uint32_t idle_s, const int fds[2], int64_t now_ms,
    struct pair **pair);

/* A pair that could not be made: without descriptors, ended by an error. NULL:
 * no memory. */
struct pair *pair_new_ended(uint32_t channel);

/* Moves what can be moved after events on one side; may end the pair. */
void pair_handle(struct pair_side *side, uint32_t events, int64_t now_ms);

/* Closes both ends at once. A second call changes nothing. */
void pair_end(struct pair *pair, enum proto_ended why);

/* Of an ended pair. */
void pair_free(struct pair *pair);

#endif
