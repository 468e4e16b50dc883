/* console and connect: the bytes between standard input and output and the channel that
 * the daemon has opened, until one of them ends it. */
#ifndef SALLYPORT_SHELL_STREAM_H
#define SALLYPORT_SHELL_STREAM_H

#include "shell/asked.h"
#include "shell/talk.h"

/* The answer in talk brought the channel's end. The exit status; why it ended is said on
 * standard error, unless both sides closed it in order. */
int stream_show(struct talk *talk, const struct asked *asked);

#endif
