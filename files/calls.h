/* The system calls that a transfer program may make, as a seccomp filter. What is not in
 * the table does not exist for it (ENOSYS). */
#ifndef SALLYPORT_FILES_CALLS_H
#define SALLYPORT_FILES_CALLS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CALLS_FILTER_MAX 1024

enum calls_program { CALLS_SFTP, CALLS_SCP, CALLS_RSYNC, CALLS_PROGRAMS };

enum calls_stage {
	CALLS_LOADING, /* until main: it is executed, its libraries loaded, walls put up */
	CALLS_SERVING,
};

struct calls_ask {
	enum calls_program program;
	enum calls_stage stage;
	bool are_paths_real; /* no root of its own: what Landlock leaves to paths is denied */
	bool is_reading;     /* nothing may be changed */
	bool keeps_metadata; /* paths are real, and some of the folders for reading only: what
			      * is opened there may not be told from the others */
	pid_t pid;           /* which alone it may send a signal by thread */
};

/* Fills filter[CALLS_FILTER_MAX]: the number of instructions; 0 on a type of machine that
 * is not known. Pure. */
size_t calls_build(struct sock_filter *filter, const struct calls_ask *ask);
/* From now on this process and what it executes: for good. Needs no_new_privs. 0, -ENOSYS,
 * -errno. */
int calls_confine(const struct calls_ask *ask);

#endif
