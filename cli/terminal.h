/* Asking a person for a secret. */
#ifndef SALLYPORT_CLI_TERMINAL_H
#define SALLYPORT_CLI_TERMINAL_H

#include "lib/secret.h"

/* Shows prompt on the controlling terminal and reads a line from it into answer
 * (made here; the caller frees it), NUL-terminated, at most 255 bytes, without the
 * line's end, unseen. A signal that would end the program puts the terminal in
 * order first. 0; -ENOTTY without a terminal, -EINTR, -ENODATA at its end,
 * -EMSGSIZE, -errno. */
int terminal_ask(const char *prompt, struct secret *answer);

/* Shows question on the controlling terminal: 1 when the answer begins with y; 0;
 * -ENOTTY without a terminal, -errno as above. */
int terminal_confirm(const char *question);

/* A line from fd, the same way; nothing behind it is read. */
int terminal_read_line(int fd, struct secret *answer);

#endif
