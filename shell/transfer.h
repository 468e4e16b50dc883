/* A file transfer: the program that was asked for, confined to the folders that the daemon
 * names, below this process. */
#ifndef SALLYPORT_SHELL_TRANSFER_H
#define SALLYPORT_SHELL_TRANSFER_H

#include "shell/asked.h"
#include "shell/plan.h"
#include "shell/process.h"
#include "shell/talk.h"

/* A FOLDER that has come; false: malformed, or too many. */
bool transfer_add(struct wire_in *in);
/* Runs it to its end: the exit status; or this process ends by the signal that ended the
 * program. */
int transfer_run(struct talk *talk, const struct plan *plan, const struct asked *asked,
    const struct process_limits *limits);

#endif
