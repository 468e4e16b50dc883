/* The states of the domains that the supervisor wants to know. */
#ifndef SALLYPORT_VIRT_STATES_H
#define SALLYPORT_VIRT_STATES_H

#include "lib/proto.h"
#include "virt/watch_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A list, or a part of one. 0, -ENOMEM, -EMSGSIZE. */
int states_want(const struct watch_list *list);
bool states_has(const char *name);
size_t states_count(void);

/* Does nothing for a name that nobody wants. */
void states_set(const char *name, enum proto_vm_state state);
/* All are unknown again. */
void states_forget(void);

/* When there will be something to tell, a time of io_now_ms(); INT64_MAX: nothing. */
int64_t states_due_ms(void);
/* Tells what has changed, if it is time: a machine that goes on and off all the time
 * costs the supervisor a message each 200 ms. 0, -errno. */
int states_tell(int64_t now_ms);

#endif
