/* The one parser of numbers: the whole text, decimal digits only, in range. */
#ifndef SALLYPORT_LIB_NUM_H
#define SALLYPORT_LIB_NUM_H

#include <stdint.h>

/* 0 and *value set; -EINVAL when text is not all digits (no sign, blank or
 * empty text), -ERANGE when outside min..max. *value is untouched on error. */
int num_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

#endif
