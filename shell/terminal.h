/* The user's terminal while something is read from it key by key: no echo, no other
 * process may open it, no signal is made of a key; always put back. */
#ifndef SALLYPORT_SHELL_TERMINAL_H
#define SALLYPORT_SHELL_TERMINAL_H

#include <signal.h>
#include <stdint.h>
#include <termios.h>

struct terminal {
	struct termios saved;
	sigset_t mask;
	int signals; /* signalfd */
};

/* Takes standard input; what was typed before is dropped. 0 or -errno. */
int terminal_open(struct terminal *terminal);
/* The same, but no byte is changed in either direction, and none is dropped. */
int terminal_open_raw(struct terminal *terminal);
/* Puts it back; what was typed and not read is dropped. */
void terminal_close(struct terminal *terminal);

/* Waits for a byte, or for other (a descriptor, -1 none) to be readable. The byte,
 * TERMINAL_OTHER, or TERMINAL_END: hang-up, end of file, a signal, deadline_ms
 * (io_now_ms; INT64_MAX none). */
#define TERMINAL_OTHER (-1)
#define TERMINAL_END   (-2)
int terminal_key(const struct terminal *terminal, int other, int64_t deadline_ms);

#endif
