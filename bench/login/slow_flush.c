/* LD_PRELOAD: makes each fsync and fdatasync of verify and recorder take a
 * millisecond, as on a disk of the better kind. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int
slowly(const char *name, int fd)
{
	int (*real)(int) = 0;
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(&real, &found, sizeof(real));
	if (strcmp(program_invocation_short_name, "verify") == 0 ||
	    strcmp(program_invocation_short_name, "recorder") == 0)
		(void)poll(NULL, 0, 1); /* which their system call filters allow */
	return real(fd);
}

int
fsync(int fd);
int
fdatasync(int fd);

int
fsync(int fd)
{
	return slowly("fsync", fd);
}

int
fdatasync(int fd)
{
	return slowly("fdatasync", fd);
}
