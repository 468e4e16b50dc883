/* OTP results and sessions for the kernel's audit system, so that aureport(8) has
 * them. A child process writes them: the kernel may keep the writer waiting for as
 * long as its own log is stuck. The only place that knows libaudit. */
#ifndef SALLYPORT_RECORDER_KERNEL_H
#define SALLYPORT_RECORDER_KERNEL_H

#include "recorder/journal.h"

#include <stdint.h>

struct kernel {
	int fd;           /* to the child; -1: not wanted, or gone */
	bool is_wanted;
	bool is_refused;  /* the last one was not taken; also: there is no audit here */
	uint64_t waiting; /* given to the child, no word yet */
	uint64_t missed;
};

/* Starts the child, which becomes account and keeps CAP_AUDIT_WRITE, no other.
 * Needs root. Without it all are missed: never fails anything. */
void kernel_start(struct kernel *kernel, const char *account);

/* Passes a record on, if it is one that the kernel is told. Never blocks. */
void kernel_tell(struct kernel *kernel, const struct journal_record *record);

/* Brings waiting, missed and is_refused up to date. */
void kernel_look(struct kernel *kernel);

#endif
