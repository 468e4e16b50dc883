/* Two stream sockets and the bytes between them. Nothing is held for a direction that
 * is idle; at most a read's bytes while its reader is slow, and then none is read. */
#ifndef SALLYPORT_RELAY_PAIR_H
#define SALLYPORT_RELAY_PAIR_H

#include "lib/proto.h"

#include <stdbool.h>
#include <stddef.h>

/* One end, and the direction that leads from it to the other end. */
struct pair_side {
	struct pair *pair;
	uint8_t *pending;  /* read here, not yet taken by the other end; NULL: nothing */
	struct pipe *pipe; /* or this is where it is */
	uint64_t bytes;    /* from here, taken by the other end */
	uint32_t at, len;  /* of pending, or of what is in the pipe, bytes */
	uint32_t watched;  /* events that epoll was told; 0: it was told of no such side */
	int fd;
	bool is_ready;     /* there may be something to read: epoll says so once */
	bool is_careful, is_missed; /* a short read says nothing; epoll is to tell again */
	bool is_eof;       /* nothing more comes from here */
	bool is_done;      /* and all of it went on, or can't any more */
	bool is_hung_up;   /* epoll said so */
	bool is_bulk, is_tcp; /* the last read brought much; what it is */
};

enum { PAIR_TELLS_GREETED = 1, PAIR_TELLS_SESSION = 2 }; /* the supervisor, while it lives */

struct pair {
	struct pair_side side[2]; /* 0: client, 1: VM */
	struct pair *next, *next_told; /* for the table that holds it */
	struct greeting *greeting; /* until there is a VM; the pair's own, as: */
	struct console *console;   /* while what passes has to be looked at */
	const char *words;         /* static: the rule that ended it, or NULL */
	int64_t last_ms;           /* when bytes last moved */
	uint32_t channel, idle_s; int epoll; /* 0: never; the caller's */
	uint8_t tells; bool is_queued; /* PAIR_TELLS_*; the table's */
	bool has_ended;
	uint8_t why; /* enum proto_ended: of the end, or of one side's */
};

/* A pair of the two descriptors, which it owns on success; both must be connected
 * stream sockets. The console is its own then, too; NULL: all is opaque. 0;
 * -ENOTSOCK, -ENOMEM, -errno. epoll's events then carry a struct pair_side. */
int pair_new(int epoll, uint32_t channel, uint32_t idle_s, const int fds[2],
    struct console *console, int64_t now_ms, struct pair **pair);
/* A pair that could not be made: ended by an error. NULL: no memory. */
struct pair *pair_new_ended(uint32_t channel);
/* Moves what can be moved after events on one side; may end the pair. */
void pair_handle(struct pair_side *side, uint32_t events, int64_t now_ms);
/* When it is to be ended for having been idle, or slow; INT64_MAX: never. */
int64_t pair_deadline_ms(const struct pair *pair);
void pair_late(struct pair *pair);
/* Closes both ends at once. A second call changes nothing. */
void pair_end(struct pair *pair, enum proto_ended why);
/* Of an ended pair. */
void pair_free(struct pair *pair);

#endif
