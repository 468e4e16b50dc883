/* For tests: a device without room. */
#ifndef SALLYPORT_TESTS_SUPPORT_FULL_H
#define SALLYPORT_TESTS_SUPPORT_FULL_H

#include "tests/support/require.h"

#include <fcntl.h>
#include <unistd.h>

/* Appends to filler until its device has no byte left. */
static inline void
fill_device(const char *filler)
{
	static const char block[65536];
	int fd = open(filler, O_WRONLY | O_CREAT | O_APPEND, 0600);

	REQUIRE(fd >= 0);
	for (size_t len = sizeof(block); len > 0; len /= 2)
		while (write(fd, block, len) == (ssize_t)len)
			;
	close(fd);
}

#endif
