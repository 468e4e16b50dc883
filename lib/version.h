/* The one place that says which version this is. */
#ifndef SALLYPORT_LIB_VERSION_H
#define SALLYPORT_LIB_VERSION_H

#include <stdbool.h>
#include <string.h>

#define SALLYPORT_VERSION "0.1"

/* Is a program called with --version alone? */
static inline bool
version_is_asked(int argc, char *const *argv)
{
	return argc == 2 && strcmp(argv[1], "--version") == 0;
}

#endif
