/* System-call filter of a helper, by allow-list. */
#ifndef SALLYPORT_LIB_CONFINE_H
#define SALLYPORT_LIB_CONFINE_H

#include <stddef.h>

/* From now on this process (all threads made later) may make only the system
 * calls calls[n] (numbers of <sys/syscall.h>, n at most 200) and those that
 * libc needs to end; any other kills it. Needs no_new_privs (drop.h).
 * 0, -EINVAL, -ENOSYS on a machine type that the filter does not know, -errno. */
int confine_to_calls(const int *calls, size_t n);

#endif
