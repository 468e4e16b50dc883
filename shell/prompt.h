/* Asking for the one-time password on the terminal. */
#ifndef SALLYPORT_SHELL_PROMPT_H
#define SALLYPORT_SHELL_PROMPT_H

#include "lib/proto.h"

#include <stdint.h>

/* Shows text and reads a line into otp[PROTO_OTP_MAX + 1], the caller's to wipe. What
 * cannot be an OTP (too long, or not of printable ASCII) becomes "?". 0; -ECANCELED
 * (^C, end of file, hang-up, a signal, deadline_ms): nothing was read; -errno. */
int prompt_read(const char *text, int64_t deadline_ms, char *otp);

#endif
