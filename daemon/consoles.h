/* All consoles, and with them the seats: who gets one, who must go for it, and when a
 * console ends. Its channels are ended from the loop, never from within a call here. */
#ifndef SALLYPORT_DAEMON_CONSOLES_H
#define SALLYPORT_DAEMON_CONSOLES_H

#include "daemon/channel.h"
#include "daemon/console.h"

struct consoles *consoles_new(struct gateway *gw);
/* The daemon stops, and all channels have ended: the rest of the record. */
void consoles_stop(struct consoles *consoles);
void consoles_free(struct consoles *consoles); /* accepts NULL */

/* Asks for the seat for ch, the first channel of a console. It has it (TAKING), or will
 * have it when the one before is gone (WAITING: channel_connect is called then); NULL:
 * refused, *why says why. */
struct console *consoles_seat(struct channel *ch, const struct conn *conn,
    const struct console_rights *rights, const char **why);
/* The one of that connection at vm's SPICE console, by the session id that it was given;
 * NULL: there is none. */
struct console *consoles_find(
    struct consoles *consoles, uint32_t conn_id, const char *vm, uint32_t session);
/* One more channel of it, which has its (type, id). */
void consoles_join(struct console *console, struct channel *ch);

/* ch's open is on disk; it is at the relay's now; its session has this id. */
void consoles_recorded(struct channel *ch);
void consoles_begun(struct channel *ch);
void consoles_session(struct channel *ch, uint32_t session);
/* Why ch may not begin after all: its console is being left. NULL: it may. */
const char *consoles_object(const struct channel *ch);
/* ch has ended, or came to nothing. With a console's first channel all of it ends.
 * Accepts one without a console. */
void consoles_ended(struct channel *ch, const char *reason, uint64_t up, uint64_t down);

/* The counts of channels are fresh (counts.h): who has used his console since the last
 * look, and who has not for too long. */
void consoles_look(struct consoles *consoles);
/* In any order, NULL for the first. */
const struct console *consoles_next(
    const struct consoles *consoles, const struct console *console);
/* Who has the seat; NULL: nobody. */
const struct console *consoles_holder(
    const struct consoles *consoles, const char *vm, enum console_kind kind);

#endif
