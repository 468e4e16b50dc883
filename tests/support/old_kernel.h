/* Included before all else: a kernel before 6.16, to which this option says nothing. */
#ifndef SALLYPORT_TESTS_OLD_KERNEL_H
#define SALLYPORT_TESTS_OLD_KERNEL_H

#include <sys/socket.h>

#undef SO_PASSRIGHTS
#define SO_PASSRIGHTS 1000000

#endif
