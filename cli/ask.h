/* One question to the daemon, and its whole answer. */
#ifndef SALLYPORT_CLI_ASK_H
#define SALLYPORT_CLI_ASK_H

#include "cli/cli.h"
#include "cli/rows.h"
#include "lib/proto.h"

#include <stdint.h>

#define ASK_TEXT_MAX 65535

struct ask {
	uint8_t buf[4096]; /* the question */
	struct wire_out out;
	int fd_to_pass;    /* -1; stays the caller's */
	int timeout_ms;    /* for the whole answer */
	bool is_quiet;     /* don't say when the daemon is not to be had */
	struct rows rows;  /* the answer; ask_free */
	int status;        /* what the daemon wants the program to end with */
	char text[ASK_TEXT_MAX + 1]; /* its last words, "" if none */
};

/* Begins a question; the caller puts its fields into ask->out. */
void ask_begin(struct ask *ask, enum proto_type type);

/* Sends it and takes in rows until the daemon is done. Waits at most timeout_ms,
 * and says on a terminal that it waits. 0: status, text and rows are set. Else an
 * exit status, and the reason was said. */
int ask_daemon(const struct cli *cli, struct ask *ask);

void ask_free(struct ask *ask);

#endif
