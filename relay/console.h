/* What the relay knows of a console's protocol: SPICE or VNC, while a parser has
 * to see the bytes. No I/O here. */
#ifndef SALLYPORT_RELAY_CONSOLE_H
#define SALLYPORT_RELAY_CONSOLE_H

#include "rfb/rfb.h"
#include "spice/channel.h"

/* Bytes to look at in one go, and the most that comes of them: what was held back
 * before can come with them. */
#define CONSOLE_CHUNK 16384
#define CONSOLE_OUT   (2 * CONSOLE_CHUNK)

enum console_way { CONSOLE_UP, CONSOLE_DOWN }; /* as a pair's sides: from the client, from the VM */

struct console;

/* NULL without memory. */
struct console *console_new_spice(const struct spice_link *link, uint32_t may);
struct console *console_new_vnc(uint32_t may);
void console_free(struct console *console); /* accepts NULL */

/* Of in[len], at most CONSOLE_CHUNK, that came this way: what goes on is written to
 * out, its length returned. */
size_t console_pass(struct console *console, enum console_way way, const uint8_t *in,
    size_t len, uint8_t out[CONSOLE_OUT]);
/* What the gate itself has to say this way, to be sent behind what passed; 0: nothing
 * now. To be asked after each console_pass, for both ways, until it is 0. */
size_t console_owed(struct console *console, enum console_way way, uint8_t out[SPICE_OWED_MAX]);

/* Static words when its rules end the connection, else NULL. */
const char *console_why(const struct console *console);
/* All that comes this way passes as it is. */
bool console_is_open(const struct console *console, enum console_way way);
/* The session id, once it is known: 0 until then. */
uint32_t console_session(const struct console *console);

#endif
