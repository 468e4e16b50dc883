/* The files of the audit log, oldest first. */
#ifndef SALLYPORT_CLI_AUDIT_FILES_H
#define SALLYPORT_CLI_AUDIT_FILES_H

#include <stddef.h>
#include <stdint.h>

#define AUDIT_FOLDER "/var/log/sallyport"

struct audit_files {
	char **paths; /* owned */
	size_t count;
};

/* All files of the log in folder (lib/audit_name.h), the one that is written now
 * last, each once. 0; -ENOENT when there is none; -ENOMEM, -errno. The caller
 * frees, errors or not. */
int audit_files_find(const char *folder, struct audit_files *files);
/* Copies of words[count], as they are. 0, -ENOMEM. */
int audit_files_take(
    const char *const *words, size_t count, struct audit_files *files);
/* Of all files together; 0 when that cannot be known, as of compressed ones. */
uint64_t audit_files_bytes(const struct audit_files *files);
void audit_files_free(struct audit_files *files);

#endif
