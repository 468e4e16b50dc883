/* Key containers of RFC 6030 in the form that YubiKey tools write them. */
#ifndef SALLYPORT_VERIFY_PSKC_H
#define SALLYPORT_VERIFY_PSKC_H

#include "verify/keyfile.h"

enum keyfile_kind pskc_next(struct keyfile *file, struct keyfile_entry *entry);

#endif
