/* The audit log's folder: names, as root. No content is read or written, nothing is
 * flushed: that is the recorder's. */
#ifndef SALLYPORT_DAEMON_LOGFOLDER_H
#define SALLYPORT_DAEMON_LOGFOLDER_H

#include "lib/audit_name.h"

#include <stdint.h>

/* Begins a rotation: makes audit.jsonl.new, empty, locked, with the owners of
 * audit.jsonl, and gives audit.jsonl the name old as well. The new file's
 * descriptor (the caller's); -EEXIST when old names another file, -errno. */
int logfolder_prepare(int folder, const struct audit_name *old);

/* Ends it: audit.jsonl.new becomes audit.jsonl. 0; -ENOENT when that was done;
 * -ENOLINK when the old file would have no name then; -errno. */
int logfolder_finish(int folder);

/* Takes back what prepare did: audit.jsonl.new, and second names of audit.jsonl. */
void logfolder_abandon(int folder);

/* The oldest file that was written before, and in *until the day on which the one
 * after it begins (now_day, that of audit.jsonl, if there is none), or, if that is
 * later, when it was written last. Its name, or "" when there is none. 0, -errno. */
int logfolder_oldest(
    int folder, int64_t now_day, char name[AUDIT_NAME_MAX], int64_t *day, int64_t *until);

/* Removes the file of that name, in a child process: a big file takes its time. */
void logfolder_remove(int folder, const char *name);

#endif
