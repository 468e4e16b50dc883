/* This process itself: closed to others before it does anything, and made as sshd had
 * made it before it executes something else. */
#ifndef SALLYPORT_SHELL_PROCESS_H
#define SALLYPORT_SHELL_PROCESS_H

#include <sys/resource.h>

struct process_limits {
	struct rlimit core;
};

/* The first acts: not to be traced or dumped, standard descriptors open, no others. */
void process_harden(struct process_limits *limits);
/* The last: limits as they were. (Signals are as they came: nobody here changes them but
 * for the time of a terminal.) */
void process_restore(const struct process_limits *limits);

#endif
