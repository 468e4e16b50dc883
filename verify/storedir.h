/* The folder that the store lies in, while still root. */
#ifndef SALLYPORT_VERIFY_STOREDIR_H
#define SALLYPORT_VERIFY_STOREDIR_H

#include <stdbool.h>

/* Makes dir if need be; it becomes the account's, 0700. Refuses a folder of
 * somebody else's, a link, and file systems on which flushes and locks can't be
 * trusted. *has_store: a database (or something that can't be ruled out to be
 * one) is there. Says on the log what is wrong. 0 or -errno. */
int storedir_prepare(const char *dir, const char *account, bool *has_store);

/* Puts the name of a new file or folder, an entry of its parent, on disk. 0, -errno. */
int storedir_sync_name(const char *path);

/* Is this f_type of statfs(2) a file system on a disk of this machine's? */
bool storedir_is_local(unsigned long type);

#endif
