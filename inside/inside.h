/* What inside.so was given. */
#ifndef SALLYPORT_INSIDE_INSIDE_H
#define SALLYPORT_INSIDE_INSIDE_H

#include "files/inner.h"

const struct inner *inside_inner(void);

#endif
