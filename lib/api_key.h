/* The API key: what signs requests and answers. A file of root's with one line of
 * base64, as the validation service gave it. */
#ifndef SALLYPORT_LIB_API_KEY_H
#define SALLYPORT_LIB_API_KEY_H

#include "lib/secret.h"

#include <stddef.h>

/* The services give 20 bytes. A short key could be guessed; an empty one is what the
 * servers themselves sign errors with. */
#define API_KEY_MIN 16
#define API_KEY_MAX 64

/* Reads a file's text: blanks and line ends around one word. 0 and *key (the
 * caller's); -EINVAL, and *why is a static text; -ENOMEM. */
int api_key_read(const char *text, size_t len, struct secret *key, const char **why);

#endif
