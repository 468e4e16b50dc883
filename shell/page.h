/* The texts: the page, vms, why, seat, help. */
#ifndef SALLYPORT_SHELL_PAGE_H
#define SALLYPORT_SHELL_PAGE_H

#include "shell/asked.h"
#include "shell/talk.h"

/* Shows the answer that has begun in talk, to its end, and for as long as the user
 * stays at the page. The exit status. */
int page_show(struct talk *talk, const struct asked *asked);

#endif
