/* Words for people, on a descriptor; foreign bytes are escaped. */
#ifndef SALLYPORT_SHELL_SAY_H
#define SALLYPORT_SHELL_SAY_H

#include <stddef.h>

/* All of text, as far as somebody reads it. */
void say(int fd, const char *text);
/* escape_str of foreign. */
void say_foreign(int fd, const char *foreign);
/* As printf, our own text only; at most 1023 bytes. */
void say_format(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "sallyport: " and the words, broken at column 80, on standard error. */
void say_error(const char *words);

#endif
