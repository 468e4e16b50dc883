/* Keyboard layouts. A YubiKey sends the key positions of a US keyboard; where the
 * computer has another layout, other characters arrive. Pure. */
#ifndef SALLYPORT_LIB_LAYOUT_H
#define SALLYPORT_LIB_LAYOUT_H

#include <stddef.h>

/* How many there are; each has a number below that. */
#define LAYOUT_COUNT 7

/* "dvorak"; NULL for a number that is none. */
const char *layout_name(size_t layout);
/* The number of the layout of that name, or -ENOENT. */
int layout_find(const char *name);

/* Turns text[len], typed on that layout (UTF-8, lower case), into the modhex that
 * the YubiKey meant, NUL-terminated in out[cap]. Its length; -EINVAL when a
 * character is none of the layout's sixteen, or out is too small. */
int layout_to_modhex(size_t layout, const char *text, size_t len, char *out, size_t cap);

#endif
