/* The pool: made when needed, kept until the end. */
#include "relay/pipes.h"

#include "lib/io.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct pipe *unused;
static size_t made, made_max;

void
pipes_init(size_t max)
{
	made_max = max;
}

static struct pipe *
make(void)
{
	struct pipe *pipe;
	int ends[2];

	if (made >= made_max || (pipe = calloc(1, sizeof(*pipe))) == NULL)
		return NULL;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		free(pipe);
		return NULL;
	}
	made++;
	/* Should others of this account's pipes have used up what it may have, it stays
	 * as it is. */
	(void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
	*pipe = (struct pipe){.in = ends[1], .out = ends[0]};
	return pipe;
}

struct pipe *
pipes_borrow(void)
{
	struct pipe *pipe = unused;

	if (pipe == NULL)
		return make();
	unused = pipe->next;
	return pipe;
}

void
pipes_return(struct pipe *pipe)
{
	pipe->next = unused;
	unused = pipe;
}

void
pipes_discard(struct pipe *pipe)
{
	io_close(&pipe->in);
	io_close(&pipe->out);
	free(pipe);
	made--;
}

void
pipes_finish(void)
{
	while (unused != NULL) {
		struct pipe *pipe = unused;
		unused = pipe->next;
		pipes_discard(pipe);
	}
}
