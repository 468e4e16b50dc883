/* Key files of comma-separated lines. */
#ifndef SALLYPORT_VERIFY_KEYCSV_H
#define SALLYPORT_VERIFY_KEYCSV_H

#include "verify/keyfile.h"

/* Does this line show which of the formats it is? Then *format, and for
 * KEYFILE_FOREIGN *what. */
bool keycsv_detect(struct keyfield line, enum keyfile_format *format, const char **what);

enum keyfile_kind keycsv_next(struct keyfile *file, struct keyfile_entry *entry);

/* The parts that other formats share. NULL, or what is wrong. */
const char *keycsv_check_aes(const struct crypt_key *key);
void keycsv_note_serial(struct keyfile_entry *entry, struct keyfield serial);

#endif
