/* The daemon's own sockets: callers, their messages and their time. pam.sock and
 * admin.sock let root in, shell.sock the gated group and not root. What a message
 * may do is request.c's table. */
#ifndef SALLYPORT_DAEMON_DOOR_H
#define SALLYPORT_DAEMON_DOOR_H

#include "daemon/caller.h"
#include "daemon/gateway.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct doors *doors_new(struct gateway *gw); /* NULL when one can't be opened (logged) */
void doors_free(struct doors *doors);
/* All listen, but until this is called only admins are accepted; false: no memory,
 * to be called again. */
bool doors_admit(struct doors *doors);
/* shell.sock for the gated group, when its gid has become known. */
void doors_give_to_group(struct doors *doors);

/* An answer that comes later holds its caller by *pointer: it becomes NULL when
 * the caller goes. One at a time; door_hold(caller, NULL) lets go. */
void door_hold(struct caller *caller, struct caller **pointer);

/* Begins an answer to the caller's question in a buffer of the door's. */
struct wire_out *door_begin(struct caller *caller, uint8_t type);
/* Sends it; another question may follow once is_last. A caller that does not read
 * is closed: then -EPIPE, and the caller is gone. */
int door_send(struct caller *caller, bool is_last);
/* As door_send of the last answer, with a descriptor, which stays ours; a caller that has
 * not read what came before is closed. */
int door_send_fd(struct caller *caller, int fd);
/* As door_send of the last answer, but in delay_ms; until then his time does not run
 * out, and he may not ask. */
int door_send_later(struct caller *caller, uint32_t delay_ms);
/* Whether all that was sent to the caller is on its way to him. */
bool door_is_clear(const struct caller *caller);
/* There is more to say: fn is called once, from the loop, when the door is clear; of all
 * callers one in a turn of the loop, and of users one after the other, so that many who
 * want long answers keep nobody waiting for longer than one such call takes, of each other
 * user. Not called when the caller goes. */
void door_go_on(struct caller *caller, void (*fn)(struct caller *caller));
/* Sends it if the caller has room for it, else drops it. */
void door_offer(struct caller *caller);
/* Stays without a question for as long as the process lives. */
void door_keep(struct caller *caller);
/* The same, after a question that needs no answer, or is answered. */
void door_rest(struct caller *caller);
/* Waits for the caller's next question at most timeout_ms, then closes. */
void door_wait(struct caller *caller, uint32_t timeout_ms);
void door_close(struct caller *caller); /* now */

#endif
