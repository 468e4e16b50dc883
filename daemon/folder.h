/* Folders of the daemon's own. */
#ifndef SALLYPORT_DAEMON_FOLDER_H
#define SALLYPORT_DAEMON_FOLDER_H

#include <sys/types.h>

/* Makes it with exactly this mode, whatever the umask; one that is there stays as it
 * is. Its parent must be root's. 0 or -errno. */
int folder_make(const char *path, mode_t mode);

#endif
