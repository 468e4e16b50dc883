/* Bytes and times, to read. */
#ifndef SALLYPORT_CLI_AMOUNT_H
#define SALLYPORT_CLI_AMOUNT_H

#include <stdint.h>

#define AMOUNT_MAX 48

/* "0 B", "1.5 KiB" … into text. */
void amount_size(char text[AMOUNT_MAX], uint64_t bytes);
/* "1.5 s", "3 min 7 s", "26 h 4 min". */
void amount_duration(char text[AMOUNT_MAX], uint64_t ms);

#endif
