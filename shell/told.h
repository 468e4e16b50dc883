/* What the daemon has told, before it is laid out; texts as they came, not escaped. */
#ifndef SALLYPORT_SHELL_TOLD_H
#define SALLYPORT_SHELL_TOLD_H

#include "lib/proto.h"

#include <stdbool.h>
#include <stddef.h>

/* Times: s since epoch, 0 none; the same in words: "until Thu 24:00". */
struct seat_row {
	char *vm;   /* of `seat VM`; NULL in a VM's row */
	char *seat; /* "screen", "serial" */
	enum proto_seat state;
	char *user; /* "" nobody */
	uint64_t since, until;
	char *words, *advice; /* of `seat VM`; else NULL */
};

struct right_row { /* of a VM: right and port; of `why`: all but port */
	char *vm, *right;
	uint16_t port;
	bool is_allowed;
	char *why, *when;
	uint64_t from, until;
};

struct vm_row {
	char *vm, *title, *state, *when;
	uint64_t from, until;
	struct seat_row *seats;
	struct right_row *rights;
	size_t seat_count, right_count;
};

struct told {
	bool has_header, may_have_shell, failed;
	char *user, *key, *time, *gateway; /* gateway "": this machine's own name */
	uint64_t now;
	uint16_t port; /* of sshd */
	struct vm_row *vms;
	struct right_row *rights; /* of `why`, and where `seat VM` has none */
	struct seat_row *seats;   /* of `seat VM` */
	size_t vm_count, right_count, seat_count;
};

/* Adds the message's row; one that is not known is left out. failed: malformed, too many,
 * or no memory. */
void told_take(struct told *told, uint8_t type, struct wire_in *in);
void told_free(struct told *told); /* accepts an empty one */

#endif
