/* What each fuzz target has. */
#ifndef SALLYPORT_TESTS_FUZZ_FUZZ_H
#define SALLYPORT_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What libFuzzer then keeps as a finding. */
static inline void
require(bool holds)
{
	if (!holds)
		abort();
}

#endif
