/* Keeps blocks by fallocate; where a file system can't, looks at what is free. */
#include "recorder/space.h"

#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>

#define RETRY_MS 100
#define BLOCK    65536 /* no file system's block is bigger */

void
space_init(struct space *space, int fd)
{
	*space = (struct space){.fd = fd};
}

void
space_forget(struct space *space)
{
	space->kept_to = 0;
	space->retry_ms = 0;
}

static bool
has_free(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && fs.f_bavail >= SPACE_KEPT / fs.f_frsize + 1;
}

/* Asks only for what is not kept yet: tmpfs, when it fails, also frees what an
 * earlier call got within the same range. */
static bool
keep(struct space *space, off_t end)
{
	off_t from = end > space->kept_to ? end : space->kept_to;
	off_t to = (end + SPACE_KEPT + BLOCK) / BLOCK * BLOCK;
	bool is_kept;
	int n;

	do
		n = fallocate(space->fd, FALLOC_FL_KEEP_SIZE, from, to - from);
	while (n < 0 && errno == EINTR);
	is_kept = n == 0;
	if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
		is_kept = has_free(space->fd);
	if (is_kept)
		space->kept_to = to;
	return is_kept;
}

bool
space_is_enough(struct space *space, off_t end)
{
	int64_t now_ms;

	if (end + SPACE_LEAST <= space->kept_to)
		return true;
	now_ms = io_now_ms();
	if (space->is_short && now_ms < space->retry_ms)
		return false;
	space->is_short = !keep(space, end);
	space->retry_ms = now_ms + RETRY_MS;
	return !space->is_short;
}
