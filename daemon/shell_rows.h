/* Rows of the texts for users. Each is sent whole; false when the caller has gone. What a
 * user may not reach is the same to him whether or not it exists. */
#ifndef SALLYPORT_DAEMON_SHELL_ROWS_H
#define SALLYPORT_DAEMON_SHELL_ROWS_H

#include "daemon/shell_requests.h"
#include "policy/vm.h"

#include <time.h>

/* "until Thu 24:00", "from Mon 08:00" into text[cap]; "" for 0. (shell_when.c) */
void shell_when(char *text, size_t cap, const char *word, time_t when);

/* What this user has of vm (NULL: of the host), now or later; *n is raised by each row
 * that was sent. (shell_offer.c) */
bool shell_offer(struct visit *visit, const struct conn *conn, const struct vm *vm, size_t *n);
/* Why he may, or may not: each right of vm (NULL: of the host) that he has at some time;
 * and of one right, also when he never has it. (shell_why.c) */
bool shell_why_vm(struct visit *visit, const struct conn *conn, const struct vm *vm, size_t *n);
bool shell_why(struct visit *visit, const struct conn *conn, const char *vm, const char *right);

#endif
