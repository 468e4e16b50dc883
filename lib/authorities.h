/* Certificates of authorities (PEM), read alike where they are used and where they are
 * only checked. Not linked into the supervisor, which has no crypto library. */
#ifndef SALLYPORT_LIB_AUTHORITIES_H
#define SALLYPORT_LIB_AUTHORITIES_H

#include <stdbool.h>
#include <stddef.h>

/* Gives each certificate (an X509 *, gone afterwards) to take, which may be NULL. 0;
 * -EINVAL when there is none or one is damaged; -EIO when take says false. */
int authorities_read(
    const char *pem, size_t len, bool (*take)(void *arg, void *x509), void *arg);

#endif
