/* How often a user may do something: begin a link to a console, which costs the VM some
 * 8 ms of the thread that runs its devices; or open a channel, which costs the daemon
 * and the log. A bucket of tokens for each uid; no clock of its own. */
#ifndef SALLYPORT_DAEMON_LINKS_H
#define SALLYPORT_DAEMON_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* So many seconds' worth may come at once: a viewer opens nine links in one moment. */
#define LINKS_BURST_S 5

struct links;

struct links *links_new(void); /* NULL without memory */
void links_free(struct links *links);

/* May uid begin one at now_ms, a time of io_now_ms, with so many a second on average?
 * Then it is counted. False without memory, too. */
bool links_take(struct links *links, uid_t uid, uint32_t per_s, int64_t now_ms);

/* May he, without counting it? */
bool links_left(struct links *links, uid_t uid, uint32_t per_s, int64_t now_ms);
/* So many further, as far as there are any. */
void links_charge(struct links *links, uid_t uid, uint64_t n);

/* How many uids are remembered: those whose bucket is not full again. */
size_t links_count(const struct links *links);

#endif
