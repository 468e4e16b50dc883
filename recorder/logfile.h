/* The audit file as a file: found, made and locked by root; written, flushed
 * and cut by the recorder. Knows nothing of lines. */
#ifndef SALLYPORT_RECORDER_LOGFILE_H
#define SALLYPORT_RECORDER_LOGFILE_H

#include <stddef.h>
#include <sys/types.h>

/* All the caller's; -1: there is none. */
struct logfile {
	int fd;     /* the file, for reading and appending, locked */
	int next;   /* the one that was to take its place, the same way */
	int before; /* the newest that was written before it, for reading */
	int folder; /* only to be flushed */
};

/* Opens the file at path and what lies beside it (lib/audit_name.h), and locks them
 * against other recorders, for which it waits at most 3 s. Makes file (0640
 * root:adm) and folder (0750 root:adm) where they are missing, and flushes the
 * folder. All must be root's, and writable by nobody else. Needs root.
 * 0; -EPERM, -EBUSY when another holds the lock, -errno, and nothing is open. What
 * failed is on the log. */
int logfile_open(const char *path, struct logfile *log);
void logfile_close(struct logfile *log);

/* To the disk: 0, -errno. After an error nothing may be trusted any more. */
int logfile_flush(int fd);
/* The same of a new file's or folder's names, modes and sizes. */
int logfile_flush_all(int fd);

int logfile_cut(int fd, off_t size);

#endif
