/* The output of another program, read as a file. */
#ifndef SALLYPORT_CLI_AUDIT_PIPE_H
#define SALLYPORT_CLI_AUDIT_PIPE_H

#include <sys/types.h>

struct audit_pipe {
	int fd;    /* -1: none */
	pid_t pid; /* 0: none */
};

/* Starts argv[0] (a path; nothing is searched for) with no input, an empty
 * environment, and the file at stdin_path, or nothing, as its input. 0, -errno. */
int audit_pipe_open(struct audit_pipe *pipe, char *const *argv, const char *stdin_path);

/* Closes it and waits. 0; -EIO when the program had not read all or failed. Accepts
 * what is not open. */
int audit_pipe_close(struct audit_pipe *pipe);

#endif
