/* Starting and ending a helper's process. */
#ifndef SALLYPORT_DAEMON_SERVANT_PROCESS_H
#define SALLYPORT_DAEMON_SERVANT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct servant_process {
	pid_t pid;  /* -1: none */
	int pidfd;  /* by which it is killed: main reaps it, and pids are used again */
	int socket; /* our end of the pair, -1: none */
	bool is_barred; /* nobody can pass a descriptor to it */
};

/* Forks and executes argv[0] with the other end on descriptor 3, standard error
 * as ours, nothing else open and an empty environment (but for JOURNAL_STREAM). Where
 * the kernel can, it keeps descriptors away from us unless passes_fds. 0 or -errno. */
int servant_process_start(
    struct servant_process *process, char *const *argv, bool passes_fds);

/* Closes the socket and kills the process; SIGCHLD reaps it. Accepts an empty one. */
void servant_process_end(struct servant_process *process);

/* Lets it finish what was sent to it, at most timeout_ms, then ends it. Blocks: for
 * the daemon's own end only. */
void servant_process_finish(struct servant_process *process, int timeout_ms);

#endif
