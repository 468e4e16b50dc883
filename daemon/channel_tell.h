/* What the user's page says of his channels and consoles. */
#ifndef SALLYPORT_DAEMON_CHANNEL_TELL_H
#define SALLYPORT_DAEMON_CHANNEL_TELL_H

#include "daemon/channel.h"
#include "daemon/console.h"

void channel_tell(const struct channel *ch, const char *what);
/* Its end, with what has passed: up to the VM. */
void channel_tell_end(const struct channel *ch, const char *reason, uint64_t up, uint64_t down);
/* The same of all channels of a console. */
void channel_tell_console(const struct gateway *gw, const struct console *console);

/* "closed; 12.3 MB received, 4 kB sent in 2 min", into text[cap]; of
 * none, and of CONSOLE_UNCOUNTED, nothing is said. */
void channel_tell_words(char *text, size_t cap, const char *reason, uint64_t up, uint64_t down,
    int64_t ms);

#endif
