/* For tests that are programs of their own: what must hold. */
#ifndef SALLYPORT_TESTS_SUPPORT_REQUIRE_H
#define SALLYPORT_TESTS_SUPPORT_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

/* Ends the test unless it holds. */
#define REQUIRE(holds) \
	do { \
		if (!(holds)) { \
			printf("%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds); \
			exit(1); \
		} \
	} while (0)

#endif
