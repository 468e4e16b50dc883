/* Going from one file of the log to the next. Names are the supervisor's: the
 * recorder gets the new file as a descriptor, and can only flush the folder. */
#ifndef SALLYPORT_RECORDER_ROTATE_H
#define SALLYPORT_RECORDER_ROTATE_H

#include "recorder/logfile.h"
#include "recorder/tail.h"
#include "recorder/writer.h"

#include <stdbool.h>

/* Where the chain goes on after a start: in the next file, if its first line was
 * written, because lines behind it may have been answered for; else in the file,
 * and if that is empty, with the chain of the one before. Leaves in log the one to
 * write, log->fd, and closes the others but the folder. *is_next: it is the next.
 * 0; -EBADMSG when a file's end is not made of audit lines, or the next one does
 * not continue the file; -errno. */
int rotate_find(struct logfile *log, struct tail *tail, bool *is_next);

/* Goes on in fd, an empty file named audit.jsonl.new, which it takes; the old file
 * is then whole, on disk, named old_name as well, and closed. The batch must be
 * empty. 0; -EINVAL, -ENOSPC, -errno: goes on as before, and fd is closed.
 * *is_broken: the state of a file is unknown: answer, then end. */
int rotate_to(
    struct writer *w, int folder, int fd, const char *old_name, bool *is_broken);

#endif
