/* mkdir, whatever the umask. */
#include "daemon/folder.h"

#include <errno.h>
#include <sys/stat.h>

int
folder_make(const char *path, mode_t mode)
{
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chmod(path, mode) < 0 ? -errno : 0;
}
