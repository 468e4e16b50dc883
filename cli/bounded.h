/* Work that may hang or say too much, done in a child process with a deadline:
 * name service look-ups, other programs. */
#ifndef SALLYPORT_CLI_BOUNDED_H
#define SALLYPORT_CLI_BOUNDED_H

#include <stddef.h>

struct bounded {
	char *bytes; /* what the child wrote, NUL-terminated; owned; NULL on error */
	size_t len;
	int status;  /* its exit status; 128 and the signal's number when it was killed */
};

/* In the child: writes what it found to fd. Its return value is the exit status. */
typedef int bounded_work(void *arg, int fd);

/* Forks, runs work, takes at most max bytes and waits at most timeout_ms; then the
 * child is gone, or was killed. 0 and *out, freed by bounded_free; -ETIMEDOUT,
 * -EFBIG, -ENOMEM, -errno. */
int bounded_call(bounded_work *work, void *arg, int timeout_ms, size_t max,
    struct bounded *out);

/* The same for a program: argv NULL-ended, argv[0] an absolute path. Its standard
 * output and error are taken together, in a plain environment; standard input is
 * empty. Status 127: it could not be started. */
int bounded_run(const char *const *argv, int timeout_ms, size_t max, struct bounded *out);

/* Accepts an empty one. */
void bounded_free(struct bounded *out);

#endif
