/* Links to a seat that took it and never became a session: who leaves too many of them
 * behind may not take that seat again for a while. No clock of its own; bounded, and a
 * full table forgets the oldest. */
#ifndef SALLYPORT_DAEMON_UNFINISHED_H
#define SALLYPORT_DAEMON_UNFINISHED_H

#include <stdint.h>
#include <sys/types.h>

#define UNFINISHED_MS   30000
#define UNFINISHED_MOST 3 /* within that time: a mistyped password of the VM's is one, too */

struct unfinished;

struct unfinished *unfinished_new(void); /* NULL without memory */
void unfinished_free(struct unfinished *unfinished);

/* uid left a link to vm's seat unfinished at now_ms, which counts for so many:
 * UNFINISHED_MOST for one that was left lying, or for which another had to go. */
void unfinished_note(struct unfinished *unfinished, const char *vm, uid_t uid,
    unsigned int weight, int64_t now_ms);
/* How long it must wait, in ms; 0: it may. */
int64_t unfinished_wait_ms(
    const struct unfinished *unfinished, const char *vm, uid_t uid, int64_t now_ms);

#endif
