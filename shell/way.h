/* One direction of a stream: what comes from one descriptor goes to another, as they come
 * ready. Back-pressure: nothing is read while something waits to be written. */
#ifndef SALLYPORT_SHELL_WAY_H
#define SALLYPORT_SHELL_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAY_BYTES 65536  /* of one read; and what a pipe holds by itself */
#define WAY_BITE  262144 /* of one splice; and what a pipe holds that carries much */

struct way {
	int from, to;       /* the caller's */
	bool is_spliced;    /* one of both is a pipe */
	bool is_wide;       /* and holds WAY_BITE, where that may be */
	bool wants_room;    /* of a splice: to was full */
	bool is_eof;        /* from has ended */
	bool is_over;       /* nothing passes any more */
	bool is_lost;       /* nobody reads at to */
	bool is_left;       /* the escape character came */
	int escape;         /* -1: none */
	unsigned int idle;  /* splices in a row that moved nothing */
	size_t at, len;     /* of buf, to be written */
	uint8_t buf[WAY_BYTES];
};

/* escape: a byte that ends it; those before it still go. */
void way_open(struct way *way, int from, int to, int escape);
/* For poll: what it waits for. Neither once it is over. */
bool way_wants_input(const struct way *way);
bool way_wants_room(const struct way *way);
/* What it waits for may be there; does not block on sockets and pipes. When nothing is
 * left of from (is_eof) and all is written, it is over: the caller hands that on. */
void way_move(struct way *way);

#endif
