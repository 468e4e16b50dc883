/* A passed descriptor, read to its end between other work, into memory that
 * leaves no trace. A slow writer at the other end of a pipe keeps nobody waiting. */
#ifndef SALLYPORT_VERIFY_INTAKE_H
#define SALLYPORT_VERIFY_INTAKE_H

#include <stddef.h>
#include <stdint.h>

#define INTAKE_MAX        (16 * 1024 * 1024) /* bytes */
#define INTAKE_TIMEOUT_MS (60 * 1000)

struct intake {
	int fd; /* -1 when nothing is being read */
	char *text;
	size_t len;
	int64_t deadline_ms; /* a time of io_now_ms() */
};

void intake_init(struct intake *intake);
/* Takes over fd, also on error. 0; -EINVAL when it is neither a regular file nor
 * a pipe; -ENOMEM. */
int intake_open(struct intake *intake, int fd);
/* Reads once; poll(2) must have said that it won't block, or the deadline have
 * come. 0: all is there; -EAGAIN: there is more; -EFBIG, -ETIMEDOUT, -errno. */
int intake_read(struct intake *intake);
/* Wipes. Accepts one where nothing is being read. */
void intake_close(struct intake *intake);

#endif
