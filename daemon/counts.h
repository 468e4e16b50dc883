/* The bytes that the relay's channels have carried so far, asked of it when somebody
 * wants to know. */
#ifndef SALLYPORT_DAEMON_COUNTS_H
#define SALLYPORT_DAEMON_COUNTS_H

#include "daemon/gateway.h"
#include "lib/wire.h"

struct counts *counts_new(struct gateway *gw);
void counts_free(struct counts *counts); /* accepts NULL; nobody is called */

/* fn is called once, from the loop, when up and down of all channels are fresh, or the
 * relay does not say within half a second: then they are as they were. One that has not
 * said after two is given up. 0 or -ENOMEM. */
int counts_ask(struct counts *counts, void (*fn)(void *arg), void *arg);
/* The relay is gone: no answer is due any more. */
void counts_on_down(struct counts *counts);
/* RELAY_COUNTS. */
void counts_on_notice(struct gateway *gw, struct wire_in *in);

#endif
