/* What ykpersonalize prints before it asks "Commit?", and saves as legacy format. */
#ifndef SALLYPORT_VERIFY_KEYDUMP_H
#define SALLYPORT_VERIFY_KEYDUMP_H

#include "verify/keyfile.h"

/* The line that a slot's block begins with. */
bool keydump_is_begin(struct keyfield line);
enum keyfile_kind keydump_next(struct keyfile *file, struct keyfile_entry *entry);

#endif
