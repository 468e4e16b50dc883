/* What the relay says to the supervisor. */
#ifndef SALLYPORT_RELAY_TELL_H
#define SALLYPORT_RELAY_TELL_H

#include "relay/table.h"

/* Says what pairs have to tell, frees those that ended, and counts if that was asked,
 * as far as the socket takes it. 0; 1: some is left until HELPER_FD can be written;
 * -errno: the relay must end. */
int tell_all(struct table *table);
/* The next tell_all counts, after all else; once for each call. */
void tell_counts_too(void);

#endif
