/* Checks that the audit log is whole: nothing changed, nothing missing between its
 * first and its last line; and with an anchor, nothing cut or written anew. */
#ifndef SALLYPORT_CLI_AUDIT_VERIFY_H
#define SALLYPORT_CLI_AUDIT_VERIFY_H

#include "cli/audit_anchor.h"
#include "cli/audit_files.h"

#include <stdio.h>

/* Walks the files in their order as one log: each line well-formed, each seq one
 * above the one before, each prev the SHA-256 of the line before. The first line of
 * all, if its seq is not 1, is taken as it is, unless anchors (NULL: none) know the
 * record before it. Each anchored record must be there with its hash, and the last
 * one, too. Says to out what it found, or the first line where it breaks, as
 * file:line. An unfinished last line is told, and is no break: the recorder may be
 * writing it. 0; -EBADMSG when it is not whole; -errno when a file could not be
 * read, with that said, too. */
int audit_verify_all(
    const struct audit_files *files, struct anchors *anchors, FILE *out);

/* One file, without anchors. */
int audit_verify(const char *path, FILE *out);

/* "seq hash" of the last record of the log, and a newline. 0; -ENODATA when there is
 * no record, -EBADMSG when the last line is none, -errno. */
int audit_verify_anchor(const struct audit_files *files, FILE *out);

#endif
