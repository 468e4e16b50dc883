/* Pipes that bulk goes through without being copied. They are lent for as long as
 * something is in them; an idle pair has none. */
#ifndef SALLYPORT_RELAY_PIPES_H
#define SALLYPORT_RELAY_PIPES_H

#include <stddef.h>

/* What one can hold. All of them, 256 at most (main.c), are just what the kernel lets an
 * account without rights have (pipe-user-pages-soft). */
#define PIPE_BYTES 262144

struct pipe {
	int in, out;       /* to write to, to read from; neither blocks */
	struct pipe *next; /* while nobody has it */
};

/* No more than that many at a time; 0: none. */
void pipes_init(size_t max);
/* An empty one, the last that came back first: it is in the cache. NULL: none now. */
struct pipe *pipes_borrow(void);
void pipes_return(struct pipe *pipe);
/* With something left in it: it is closed. */
void pipes_discard(struct pipe *pipe);
/* Closes those that nobody has. */
void pipes_finish(void);

#endif
