/* Preloaded into the recorder: its flush at the start goes well, no later one does. */
#include <errno.h>

int
fdatasync(int fd);

int
fdatasync(int fd)
{
	static int flushes;

	(void)fd;
	if (flushes++ == 0)
		return 0;
	errno = EIO;
	return -1;
}
