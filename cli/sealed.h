/* Key lines on their way to the daemon: a memory file that is wiped afterwards. */
#ifndef SALLYPORT_CLI_SEALED_H
#define SALLYPORT_CLI_SEALED_H

#include <stddef.h>

/* Longest key file that is copied, in bytes. */
#define SEALED_MAX (32u << 20)

struct sealed {
	int fd;      /* for the daemon to read, from its beginning; -1: none */
	void *bytes; /* the same memory */
	size_t len;
};

/* An empty one, for sealed_free. */
#define SEALED_NONE ((struct sealed){.fd = -1})

/* A memory file of exactly these bytes, of which nobody can change length or
 * content any more, except by sealed_free. 0, -EINVAL for no bytes, -errno. */
int sealed_from(struct sealed *sealed, const void *bytes, size_t len);

/* The same with all that can be read from fd, to its end. -EFBIG above SEALED_MAX.
 * Waits for fd as long as it takes. */
int sealed_copy(struct sealed *sealed, int fd);

/* Wipes and closes. Accepts an empty one. */
void sealed_free(struct sealed *sealed);

#endif
