/* What stays of this process while a file server runs below it: it passes on what the
 * server claims to have done, ends it when the daemon says so or is gone, and then ends
 * as it did. */
#ifndef SALLYPORT_SHELL_KEEPER_H
#define SALLYPORT_SHELL_KEEPER_H

#include "shell/talk.h"

#include <signal.h>
#include <sys/types.h>

/* Signals as they came. */
struct keeper_signals {
	sigset_t mask;
	void (*on_pipe)(int number);
};
/* Before the fork: none is lost for keeper_run. 0 or -errno. And in the child. */
int keeper_begin(struct keeper_signals *before);
void keeper_undo(const struct keeper_signals *before);
/* A line of our own for the record; is_last: no other comes, nothing is run. */
void keeper_note(struct talk *talk, const char *line, bool is_last);
/* log is the reading end of the child's standard error, or -1; is taken over. The exit
 * status; or this process ends by the signal that ended its child. */
int keeper_run(struct talk *talk, pid_t child, int log);

#endif
