/* What inside.so was given, and answers from. */
#ifndef SALLYPORT_INSIDE_INSIDE_H
#define SALLYPORT_INSIDE_INSIDE_H

#include "files/inner.h"

const struct inner *inside_inner(void);
/* The user's home is where the process is now. */
void inside_set_home(void);

#endif
