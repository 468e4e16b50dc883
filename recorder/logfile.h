/* The audit file as a file: found, made and locked by root; written, flushed
 * and cut by the recorder. Knows nothing of lines. */
#ifndef SALLYPORT_RECORDER_LOGFILE_H
#define SALLYPORT_RECORDER_LOGFILE_H

#include <stddef.h>
#include <sys/types.h>

/* Opens the file at path for reading and appending, and locks it against other
 * recorders, for which it waits at most 3 s. Makes file (0640 root:adm) and
 * folder (0750 root:adm) where they are missing, and flushes the folder.
 * Both must be root's, and writable by nobody else. Needs root.
 * The descriptor (the caller's); -EPERM, -EBUSY when another holds the lock,
 * -errno. What failed is on the log. */
int logfile_open(const char *path);

/* Appends all of buf. 0, or -errno with a part of it maybe written. */
int logfile_append(int fd, const void *buf, size_t len);

/* To the disk: 0, -errno. After an error nothing may be trusted any more. */
int logfile_flush(int fd);

int logfile_cut(int fd, off_t size);

#endif
