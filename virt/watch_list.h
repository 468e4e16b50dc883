/* Reads PROTO_VIRT_WATCH, for both roles. */
#ifndef SALLYPORT_VIRT_WATCH_LIST_H
#define SALLYPORT_VIRT_WATCH_LIST_H

#include "lib/wire.h"

#include <stdbool.h>
#include <stddef.h>

/* How many names a list may have in all. */
#define WATCH_LIST_MAX 8192

struct watch_list {
	bool is_first, is_last;
	size_t count;
	char **names; /* owned */
};

/* Reads all fields. 0 and *list, freed by watch_list_free; -EBADMSG, -ENOMEM. */
int watch_list_read(struct wire_in *in, struct watch_list *list);
/* Accepts an empty one. */
void watch_list_free(struct watch_list *list);

#endif
