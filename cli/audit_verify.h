/* Checks that an audit file is whole: nothing changed, nothing missing between
 * its first and its last line. */
#ifndef SALLYPORT_CLI_AUDIT_VERIFY_H
#define SALLYPORT_CLI_AUDIT_VERIFY_H

#include <stdio.h>

/* Walks the file at path: each line well-formed, each seq one above the one
 * before, each prev the SHA-256 of the line before. The first line of a file
 * that does not begin at seq 1 (it was rotated) is taken as it is. Says to out
 * what it found, or the first line where the chain breaks. An unfinished last
 * line is told, and is no break: the recorder may be writing it.
 * 0; -EBADMSG when the chain is broken; -errno when the file could not be read,
 * with that said, too. */
int audit_verify(const char *path, FILE *out);

#endif
